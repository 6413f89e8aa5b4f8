#include "sim/prompt_cache.h"

#include "fleet/fleet_state.h"

namespace ringmaster::sim {

PromptCache::PromptCache(const InstanceProfile& profile, const Workload& workload)
    : workload_(workload),
      blocks_(BlockLru::of_tokens(profile.kv_cache_tokens, workload.block_tokens())) {}

std::uint32_t PromptCache::cached_tokens_of(std::uint32_t request) const {
  return cached_blocks(chain_of(request)) * workload_.block_tokens();
}

std::uint32_t PromptCache::uncached_tokens_of(std::uint32_t request) const {
  return uncached_tokens(workload_.requests()[request].prompt_tokens, cached_tokens_of(request));
}

void PromptCache::end_prefill(PrefillEnd end, StepResult& result) {
  blocks_.insert(chain_of(end.request), &result.blocks);
  end.removed_end = result.blocks.removed.size();
  end.stored_end = result.blocks.stored.size();
  result.prefilled.push_back(end);
}

}  // namespace ringmaster::sim
