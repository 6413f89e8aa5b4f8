#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "fleet/block_lru.h"
#include "fleet/instance.h"
#include "fleet/prefix_index.h"

namespace ringmaster {

/// What is believed to be in the prefix caches of the fleet: one index, fed per instance either by
/// its own KV events or by a mirror of what was sent to it.
///
/// A mirror holds kv_cache_tokens of blocks, less where all mirrors together are more than the
/// index takes: then the largest one gives up what it used longest ago. Its block size is that of
/// the prompts; should that change (another configuration), the mirror begins anew.
class Residency {
 public:
  explicit Residency(std::uint32_t index_blocks_max) : index_(index_blocks_max) {}

  void add(InstanceId instance, ResidencySource source, std::uint64_t kv_cache_tokens);
  void remove(InstanceId instance);

  /// The instance has computed this prompt. Feeds the mirror; does nothing where the instance
  /// itself tells what it stored. Returns how many leading blocks the mirror had before: 0 where
  /// there is none.
  std::uint32_t prompt_computed(InstanceId instance, std::span<const BlockHash> chain,
                                std::uint32_t block_tokens);

  /// The instance turned out to have had no more of the chain than its first blocks: its mirror
  /// forgets the others. Nothing where the instance itself tells.
  void had_only(InstanceId instance, std::span<const BlockHash> chain, std::uint32_t blocks);

  // KV events of the instance; nothing where it is mirrored (a mirror knows better when to evict
  // than half a stream of events), but for cleared().
  void stored(InstanceId instance, std::span<const BlockHash> blocks);
  void removed(InstanceId instance, std::span<const BlockHash> blocks);
  void cleared(InstanceId instance);

  [[nodiscard]] const PrefixIndex& index() const { return index_; }

  /// Where the belief about it comes from. Requires: it was added.
  [[nodiscard]] ResidencySource source(InstanceId instance) const {
    return sources_[instance.value].kind;
  }

 private:
  struct Source {
    bool is_present = false;
    ResidencySource kind = ResidencySource::kMirror;
    std::uint64_t kv_cache_tokens = 0;
    std::uint32_t block_tokens = 0;  ///< 0: no prompt seen yet.
    std::optional<BlockLru> mirror;
  };

  [[nodiscard]] bool has_events(InstanceId instance) const;
  /// Takes blocks from the mirrors until the index has room for as many, but none of the `kept`
  /// most recent ones of `instance`. O(instances) for each mirror that it takes from.
  void make_room(std::size_t blocks, InstanceId instance, std::size_t kept);

  PrefixIndex index_;
  std::vector<Source> sources_;  ///< By slot.
  BlockChanges changes_;         ///< Scratch, as the next.
  BlockChanges evicted_;
};

}  // namespace ringmaster
