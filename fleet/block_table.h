#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tokens/block_hash.h"

namespace ringmaster {

/// Gives each block hash in it a small dense number, so that what is known of the block can lie in
/// plain arrays indexed by that number.
///
/// Open addressing with linear probing and backward-shift deletion; numbers of erased blocks are
/// used again. No allocation but for growth by doubling. 16 bytes a block and 16 for the table.
class BlockTable {
 public:
  static constexpr std::uint32_t kAbsent = 0xffff'ffff;

  BlockTable();

  /// The number of the block, or kAbsent.
  [[nodiscard]] std::uint32_t find(const BlockHash& hash) const {
    const std::uint32_t tag = tag_of(hash);
    for (std::size_t i = home_of(tag);; i = (i + 1) & mask_) {
      const Slot slot = slots_[i];
      if (slot.number == kAbsent) return kAbsent;
      if (slot.tag == tag && hashes_[slot.number] == hash) return slot.number;
    }
  }

  /// Adds the block if it is absent; its number either way. Requires: fewer than 2^30 blocks.
  std::uint32_t insert(const BlockHash& hash);

  /// Requires: the number is in use.
  void erase(std::uint32_t number);

  void clear();

  /// Requires: the number is in use.
  [[nodiscard]] const BlockHash& hash(std::uint32_t number) const { return hashes_[number]; }

  [[nodiscard]] std::uint32_t size() const { return size_; }

  /// All numbers given out so far are below it.
  [[nodiscard]] std::uint32_t number_bound() const {
    return static_cast<std::uint32_t>(hashes_.size());
  }

 private:
  struct Slot {
    std::uint32_t tag = 0;  ///< 32 mixed bits of the hash; its top bits are the home slot.
    std::uint32_t number = kAbsent;
  };

  static std::uint32_t tag_of(const BlockHash& hash) {
    // Recorded traces may carry small integers as hashes: spread them over the top bits.
    return static_cast<std::uint32_t>(((hash.low ^ hash.high) * 0x9e3779b97f4a7c15ULL) >> 32U);
  }
  [[nodiscard]] std::size_t home_of(std::uint32_t tag) const { return tag >> shift_; }
  void place(std::uint32_t tag, std::uint32_t number);
  void grow();

  std::vector<Slot> slots_;
  std::vector<BlockHash> hashes_;
  std::vector<std::uint32_t> free_numbers_;
  std::size_t mask_ = 0;
  unsigned shift_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace ringmaster
