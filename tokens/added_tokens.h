#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tokens/token.h"

namespace ringmaster {

/// A token that is looked for in the text before anything else is done with it.
struct AddedToken {
  TokenId id = 0;
  std::string content;       ///< Not empty.
  bool special = false;      ///< Controls the model; left out of decoded text.
  bool left_strip = false;   ///< Takes the white space before it.
  bool right_strip = false;  ///< Takes the white space behind it.
  bool single_word = false;  ///< Only where no word character stands beside it.
  bool normalized = false;   ///< Looked for in the normalised text.
};

/// One part of a text: an added token, or text between two.
struct TextSegment {
  std::size_t begin = 0;  ///< Bytes [begin, end).
  std::size_t end = 0;
  TokenId token = -1;  ///< -1: text.
};

/// Finds added tokens: from left to right, at each place the longest that is allowed there.
class AddedTokenMatcher {
 public:
  /// May this token be read at bytes [begin, end)?
  using IsAllowed = std::function<bool(const AddedToken&, std::size_t begin, std::size_t end)>;

  AddedTokenMatcher() = default;
  explicit AddedTokenMatcher(std::vector<AddedToken> tokens);

  [[nodiscard]] bool empty() const { return tokens_.empty(); }

  /// The segments of the text in order, none empty; white space that a token strips is its own.
  [[nodiscard]] std::vector<TextSegment> split(std::string_view text,
                                               const IsAllowed& is_allowed) const;

 private:
  struct Node {
    std::int32_t token = -1;  // Index into tokens_.
    std::vector<std::pair<unsigned char, std::int32_t>> next;
  };

  [[nodiscard]] std::int32_t child(std::int32_t node, unsigned char byte) const;
  [[nodiscard]] const AddedToken* longest_at(std::string_view text, std::size_t at,
                                             const IsAllowed& is_allowed) const;

  std::vector<AddedToken> tokens_;
  std::vector<Node> nodes_;  // A trie; 0 is its root.
  std::array<bool, 256> starts_token_{};
};

}  // namespace ringmaster
