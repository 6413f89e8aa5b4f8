#pragma once

#include <cstdint>
#include <span>

#include "fleet/block_lru.h"
#include "sim/instance_model.h"
#include "sim/profiles.h"
#include "sim/workload.h"

namespace ringmaster::sim {

/// The prefix cache of a simulated instance in host memory, asked by the requests of the workload:
/// an LRU of as many blocks as the profile's kv_cache_tokens are.
class PromptCache {
 public:
  /// Requires: `workload` outlives it.
  PromptCache(const InstanceProfile& profile, const Workload& workload);

  /// Leading blocks of the chain that are cached now. O(chain).
  [[nodiscard]] std::uint32_t cached_blocks(std::span<const BlockHash> chain) const {
    return blocks_.cached_blocks(chain);
  }

  /// Leading tokens of the request's prompt that are cached now. O(chain).
  [[nodiscard]] std::uint32_t cached_tokens_of(std::uint32_t request) const;

  /// What a prefill that started now would compute, at least 1. O(chain).
  [[nodiscard]] std::uint32_t uncached_tokens_of(std::uint32_t request) const;

  /// A prefill has ended: its prompt is cached from now on. Adds it, and the blocks that were
  /// stored and removed, to `result`. O(chain).
  void end_prefill(PrefillEnd end, StepResult& result);

 private:
  [[nodiscard]] std::span<const BlockHash> chain_of(std::uint32_t request) const {
    return workload_.chain_of(workload_.requests()[request]);
  }

  const Workload& workload_;
  BlockLru blocks_;
};

}  // namespace ringmaster::sim
