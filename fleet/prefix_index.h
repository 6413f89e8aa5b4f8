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
/// simply ends there. Memory: 32 bytes a block and 8 more for each 64 instance slots.
class PrefixIndex {
 public:
  explicit PrefixIndex(std::uint32_t blocks_max);

  /// Notes that the instance has the block.
  void store(InstanceId instance, const BlockHash& block);

  /// Does nothing if it was not noted.
  void remove(InstanceId instance, const BlockHash& block);

  /// Forgets all blocks of the instance. O(blocks), unless it has none.
  void clear(InstanceId instance);

  /// Writes to blocks[i] how many leading blocks of the chain instances[i] has. Stops where none
  /// of them has any more. Requires: blocks.size() == instances.size() <= 64.
  void cached_blocks(std::span<const BlockHash> chain, std::span<const InstanceId> instances,
                     std::span<std::uint32_t> blocks) const;

  /// The same for every slot below blocks.size(): blocks[slot].
  void cached_blocks_by_slot(std::span<const BlockHash> chain,
                             std::span<std::uint32_t> blocks) const;

  [[nodiscard]] std::uint32_t size() const { return table_.size(); }
  [[nodiscard]] std::uint64_t refused_blocks() const { return refused_blocks_; }
  /// Blocks noted for one instance.
  [[nodiscard]] std::uint32_t blocks_of(InstanceId instance) const {
    return instance.value < blocks_by_slot_.size() ? blocks_by_slot_[instance.value] : 0;
  }

 private:
  [[nodiscard]] bool holds(std::uint32_t number, std::uint32_t slot) const {
    return slot / 64 < words_ &&
           (holders_[std::size_t{number} * words_ + slot / 64] >> (slot % 64) & 1U) != 0;
  }
  void make_room_for(std::uint32_t slot);
  void drop(std::uint32_t number, std::uint32_t slot);

  std::uint32_t blocks_max_;
  BlockTable table_;
  std::uint32_t words_ = 1;             ///< Words of 64 slots per block.
  std::vector<std::uint64_t> holders_;  ///< [number][word], bit = slot.
  std::vector<std::uint32_t> blocks_by_slot_;
  mutable std::vector<std::uint64_t> alive_;  ///< Scratch of cached_blocks_by_slot().
  std::uint64_t refused_blocks_ = 0;
};

}  // namespace ringmaster
