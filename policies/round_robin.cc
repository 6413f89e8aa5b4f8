#include "policies/round_robin.h"

#include <algorithm>

namespace ringmaster {

void RoundRobin::choose(const RoutingQuery& query, const FleetState& /*fleet*/,
                        RoutingDecision& decision) {
  const auto next = std::ranges::lower_bound(query.candidates, InstanceId{next_slot_});
  const InstanceId chosen = next == query.candidates.end() ? query.candidates.front() : *next;
  next_slot_ = chosen.value + 1;
  decision.instance = chosen;
  decision.reason = "next_in_turn";
  decision.consider({.instance = chosen});
}

std::unique_ptr<RoutingPolicy> make_round_robin(OptionReader& /*options*/, std::uint64_t /*seed*/) {
  return std::make_unique<RoundRobin>();
}

}  // namespace ringmaster
