#include "policies/freeness.h"

#include <algorithm>

namespace ringmaster {

Freeness::Freeness(const InstanceState& state, std::uint32_t block_tokens) {
  const InstanceLoad& load = state.load;
  capacity = static_cast<double>(state.spec.kv_cache_tokens);
  used = static_cast<double>(load.running_kv_blocks) * block_tokens +
         static_cast<double>(load.tokens_there());
  if (load.held_requests > 0) head = static_cast<double>(load.held_tokens) / load.held_requests;
  batch = std::max(1U, load.requests() - load.held_requests);
}

double mean_freeness(const FleetState& fleet, std::uint32_t block_tokens) {
  if (fleet.eligible().empty()) return 0.0;
  double sum = 0.0;
  for (const InstanceId instance : fleet.eligible()) {
    sum += Freeness(fleet[instance], block_tokens).value();
  }
  return sum / static_cast<double>(fleet.eligible().size());
}

}  // namespace ringmaster
