#pragma once

#include <cstdint>
#include <vector>

#include "fleet/fleet_state.h"
#include "policies/routing_policy.h"

namespace ringmaster {

/// How much of one prompt every instance has cached, by one walk of the index. Reuse one object:
/// its memory stays. O(blocks of the chain * slots / 64) + O(slots).
class CachedPrompt {
 public:
  void look_up(const RoutingQuery& query, const FleetState& fleet) {
    request_ = &query.request;
    blocks_by_slot_.resize(fleet.slot_count());
    fleet.residency().index().cached_blocks_by_slot(query.request.chain, blocks_by_slot_);
  }

  // Of the request last looked up, which must still be there.
  [[nodiscard]] std::uint32_t blocks(InstanceId instance) const {
    return blocks_by_slot_[instance.value];
  }
  [[nodiscard]] std::uint32_t tokens(InstanceId instance) const {
    return tokens_of_blocks(*request_, blocks(instance));
  }
  /// At least one.
  [[nodiscard]] std::uint32_t uncached(InstanceId instance) const {
    return uncached_tokens(request_->prompt_tokens, tokens(instance));
  }
  /// Of the full blocks of the prompt; 0 for a prompt without any.
  [[nodiscard]] double share(InstanceId instance) const {
    return request_->chain.empty() ? 0.0
                                   : static_cast<double>(blocks(instance)) /
                                         static_cast<double>(request_->chain.size());
  }

 private:
  const RequestSpec* request_ = nullptr;
  std::vector<std::uint32_t> blocks_by_slot_;
};

}  // namespace ringmaster
