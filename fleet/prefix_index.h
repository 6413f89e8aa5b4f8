#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fleet/block_table.h"
#include "fleet/instance.h"
#include "tokens/block_hash.h"

namespace ringmaster {

/// Which instances are believed to have which blocks: one map from block hash to a set of
/// instances, so that one walk along a chain tells what every instance has of it.
///
/// At most `blocks_max` blocks; what does not fit is refused and counted, and the prefix then
/// simply ends there. Memory: 40 bytes a block, and 8 more for each 64 instance slots after the
/// first 64.
class PrefixIndex {
 public:
  explicit PrefixIndex(std::uint32_t blocks_max);

  /// Notes that the instance has the blocks.
  void store(InstanceId instance, std::span<const BlockHash> blocks);

  /// Forgets those that were noted.
  void remove(InstanceId instance, std::span<const BlockHash> blocks);

  /// Forgets all blocks of the instance. O(blocks), unless it has none.
  void clear(InstanceId instance);

  /// Writes to blocks[i] how many leading blocks of the chain instances[i] has. Stops where none
  /// of them has any more. Requires: blocks.size() == instances.size() <= 64.
  void cached_blocks(std::span<const BlockHash> chain, std::span<const InstanceId> instances,
                     std::span<std::uint32_t> blocks) const;

  /// The same for every slot below blocks.size(): blocks[slot].
  void cached_blocks_by_slot(std::span<const BlockHash> chain,
                             std::span<std::uint32_t> blocks) const;

  /// Writes to `holders` instances that have most of the chain, by slot, and returns how many it
  /// wrote. None if nobody has its first block. O(chain * slots / 64).
  std::size_t longest_holders(std::span<const BlockHash> chain,
                              std::span<InstanceId> holders) const;

  [[nodiscard]] std::uint32_t size() const { return table_.size(); }
  [[nodiscard]] std::uint64_t refused_blocks() const { return refused_blocks_; }
  /// Blocks noted for one instance.
  [[nodiscard]] std::uint32_t blocks_of(InstanceId instance) const {
    return instance.value < blocks_by_slot_.size() ? blocks_by_slot_[instance.value] : 0;
  }

 private:
  /// Instances 0 to 63 that have the block; those of further slots are in more_holders_.
  using Table = BlockTable<std::uint64_t>;

  [[nodiscard]] std::uint64_t& word_of(std::uint32_t number, std::uint32_t slot) {
    return slot < 64 ? table_.value(number)
                     : more_holders_[std::size_t{number} * more_words_ + slot / 64 - 1];
  }
  [[nodiscard]] bool holds(std::uint32_t number, std::uint32_t slot) const {
    if (slot < 64) return (table_.value(number) >> slot & 1U) != 0;
    if (slot / 64 > more_words_) return false;
    const std::size_t word = std::size_t{number} * more_words_ + slot / 64 - 1;
    return (more_holders_[word] >> (slot % 64) & 1U) != 0;
  }
  void make_room_for(std::uint32_t slot);
  void drop(std::uint32_t number, std::uint32_t slot);
  [[nodiscard]] bool is_held(std::uint32_t number) const;

  std::uint32_t blocks_max_;
  Table table_;
  std::uint32_t more_words_ = 0;             ///< Words of 64 slots per block, after the first.
  std::vector<std::uint64_t> more_holders_;  ///< [number][word], bit = slot.
  std::vector<std::uint32_t> blocks_by_slot_;
  mutable std::vector<std::uint64_t> alive_;  ///< Scratch of the walks over all slots.
  std::uint64_t refused_blocks_ = 0;
};

}  // namespace ringmaster
