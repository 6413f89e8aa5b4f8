#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "tokens/token.h"

namespace ringmaster {

/// Two neighbours that byte-pair encoding joins. The rank is the place in the list of merges.
struct Merge {
  TokenId left = 0;
  TokenId right = 0;
  TokenId result = 0;
};

/// The rank and the result of each pair of tokens: a flat table, at most half full, since a lookup
/// per byte of text is what byte-pair encoding spends its time on.
class MergeTable {
 public:
  static constexpr std::uint32_t kNoRank = std::numeric_limits<std::uint32_t>::max();

  struct Found {
    std::uint32_t rank = kNoRank;  ///< Lower goes first; kNoRank: these two are never joined.
    TokenId result = -1;
  };

  MergeTable() = default;

  /// The last one of equal pairs counts.
  explicit MergeTable(const std::vector<Merge>& merges);

  [[nodiscard]] Found find(TokenId left, TokenId right) const {
    if (slots_.empty()) return {};
    const std::uint64_t key = key_of(left, right);
    for (std::size_t slot = slot_of(key);; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot].key == key) return slots_[slot].found;
      if (slots_[slot].key == kEmpty) return {};
    }
  }

 private:
  static constexpr std::uint64_t kEmpty = std::numeric_limits<std::uint64_t>::max();

  struct Slot {
    std::uint64_t key = kEmpty;
    Found found;
  };

  static std::uint64_t key_of(TokenId left, TokenId right) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32U |
           static_cast<std::uint32_t>(right);
  }
  /// Fibonacci hashing: the high bits of a product with 2^64 / golden ratio.
  [[nodiscard]] std::size_t slot_of(std::uint64_t key) const {
    return static_cast<std::size_t>((key * 0x9e3779b97f4a7c15ULL) >> shift_);
  }

  std::vector<Slot> slots_;
  unsigned shift_ = 63;
};

}  // namespace ringmaster
