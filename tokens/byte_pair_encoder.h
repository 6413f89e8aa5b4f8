#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tokens/merge_table.h"
#include "tokens/token.h"
#include "tokens/vocabulary.h"

namespace ringmaster {

/// Byte-pair encoding of one piece: starting from single bytes, the pair with the lowest rank is
/// joined (the leftmost of equal ones) until no pair has a rank.
///
/// A piece that is a token and would end as that token anyway is found by one lookup; which ones
/// these are is worked out once, at construction.
class BytePairEncoder {
 public:
  /// A longer piece is encoded in parts of this size; its tokens would fill any model's context
  /// many times over, and the parts bound the memory that one request can ask for.
  static constexpr std::size_t kPieceBytesMax = 1U << 20U;

  BytePairEncoder() = default;

  /// `byte_tokens` are the tokens of the 256 single bytes. With `ignore_merges` every piece that
  /// find() knows is that token, whether or not merges lead to it. The vocabulary must outlive
  /// this.
  BytePairEncoder(const Vocabulary& vocabulary, const std::array<TokenId, 256>& byte_tokens,
                  const std::vector<Merge>& merges, bool ignore_merges);

  /// Appends the tokens of the piece.
  void encode(std::string_view piece, TokenVector& tokens) const;

 private:
  void merge_short(std::string_view piece, TokenVector& tokens) const;
  void merge_long(std::string_view piece, TokenVector& tokens) const;
  void merge(std::string_view piece, TokenVector& tokens) const;

  const Vocabulary* vocabulary_ = nullptr;
  std::array<TokenId, 256> byte_tokens_{};
  MergeTable merges_;
  std::vector<bool> is_whole_;  // By id: the piece of these bytes is this one token.
};

}  // namespace ringmaster
