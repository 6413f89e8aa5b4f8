#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokens/token.h"

namespace ringmaster {

/// Greatest id that is accepted: it bounds the memory that a file can ask for. The largest
/// vocabularies in use have some 260,000 tokens.
inline constexpr TokenId kTokenIdMax = (1 << 22) - 1;

/// Tokens and the bytes they stand for, found in either direction.
///
/// The bytes lie in one buffer; the way back is an open-addressing table at most half full.
class Vocabulary {
 public:
  struct Entry {
    TokenId id = 0;        ///< In [0, kTokenIdMax]; each at most once.
    std::string bytes;     ///< Not empty.
    bool findable = true;  ///< False: has bytes, but find() does not know it.
  };

  Vocabulary() = default;
  explicit Vocabulary(std::vector<Entry> entries);

  /// One more than the greatest id.
  [[nodiscard]] std::int32_t size() const {
    return offsets_.empty() ? 0 : static_cast<std::int32_t>(offsets_.size() - 1);
  }

  /// Empty for an id that is not there.
  [[nodiscard]] std::string_view bytes(TokenId id) const {
    if (id < 0 || id >= size()) return {};
    const auto at = static_cast<std::size_t>(id);
    return std::string_view(arena_).substr(offsets_[at], offsets_[at + 1] - offsets_[at]);
  }

  /// The token of exactly these bytes.
  [[nodiscard]] std::optional<TokenId> find(std::string_view bytes) const;

 private:
  struct Slot {
    std::uint32_t tag = 0;  // High half of the hash: spares most comparisons.
    TokenId id = -1;        // -1: empty.
  };

  std::string arena_;
  std::vector<std::uint32_t> offsets_;  // By id, and the end.
  std::vector<Slot> slots_;             // A power of two.
};

}  // namespace ringmaster
