#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fleet/block_table.h"
#include "fleet/holder_sets.h"
#include "fleet/instance.h"
#include "fleet/shared_holders.h"
#include "tokens/block_hash.h"

namespace ringmaster {

/// Which instances are believed to have which blocks: one map from block hash to a set of
/// instances, so that one walk along a chain tells what every instance has of it.
///
/// At most `blocks_max` blocks; what does not fit is refused and counted, and the prefix then
/// simply ends there. Memory: 40 bytes a block, and for the few that more than three instances of
/// a fleet of over 62 share, 8 more for each 64 instance slots.
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
  /// wrote. None if nobody has its first block. O(chain), and slots / 64 for each leading block
  /// that many have.
  std::size_t longest_holders(std::span<const BlockHash> chain,
                              std::span<InstanceId> holders) const;

  /// Brings nearer what a walk along the chain will read first.
  void prefetch(std::span<const BlockHash> chain) const { table_.prefetch_first(chain); }

  [[nodiscard]] std::uint32_t size() const { return table_.size(); }
  /// New blocks that it takes before it refuses them.
  [[nodiscard]] std::uint32_t room() const { return blocks_max_ - table_.size(); }
  [[nodiscard]] std::uint64_t refused_blocks() const { return refused_blocks_; }
  /// Blocks noted for one instance.
  [[nodiscard]] std::uint32_t blocks_of(InstanceId instance) const {
    return instance.value < blocks_by_slot_.size() ? blocks_by_slot_[instance.value] : 0;
  }

 private:
  using Table = BlockTable<HolderSet>;

  void drop(std::uint32_t number, std::uint32_t slot);

  /// Goes along the chain as far as any one instance has all of it, calls at_depth() after each
  /// block, with shared_ holding who has all up to it, and returns how far it came.
  template <class AtDepth>
  std::size_t walk(std::span<const BlockHash> chain, const AtDepth& at_depth) const;

  std::uint32_t blocks_max_;
  Table table_;  ///< Who has each block. A number not in use has an empty set.
  HolderSets sets_;
  std::vector<std::uint32_t> blocks_by_slot_;
  mutable SharedHolders shared_;  ///< Scratch of the walks over all slots.
  std::uint64_t refused_blocks_ = 0;
};

}  // namespace ringmaster
