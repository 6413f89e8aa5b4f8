#include "policies/llumnix.h"

#include <algorithm>

namespace ringmaster {
namespace {

double freeness_of(const InstanceState& state, std::uint32_t block_tokens) {
  const InstanceLoad& load = state.load;
  const double used = static_cast<double>(load.running_kv_blocks) * block_tokens +
                      static_cast<double>(load.sent_tokens);
  const double head =
      load.held_requests == 0 ? 0.0 : static_cast<double>(load.held_tokens) / load.held_requests;
  const double batch = std::max(1U, load.prefilling_requests + load.decoding_requests);
  return (static_cast<double>(state.spec.kv_cache_tokens) - used - head) / batch;
}

}  // namespace

void Llumnix::choose(const RoutingQuery& query, const FleetState& fleet,
                     RoutingDecision& decision) {
  decision.instance = minimum_.pick(query.candidates, [&](InstanceId candidate) {
    const double negative = -freeness_of(fleet[candidate], query.request.block_tokens);
    decision.consider({.instance = candidate, .score = negative});
    return negative;
  });
  decision.reason = "most_free";
}

std::unique_ptr<RoutingPolicy> make_llumnix(OptionReader& /*options*/, std::uint64_t /*seed*/) {
  return std::make_unique<Llumnix>();
}

}  // namespace ringmaster
