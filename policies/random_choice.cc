#include "policies/random_choice.h"

namespace ringmaster {

void RandomChoice::choose(const RoutingQuery& query, const FleetState& /*fleet*/,
                          RoutingDecision& decision) {
  const InstanceId chosen = query.candidates[random_.below(query.candidates.size())];
  decision.instance = chosen;
  decision.reason = "random";
  decision.consider({.instance = chosen});
}

std::unique_ptr<RoutingPolicy> make_random_choice(OptionReader& /*options*/, std::uint64_t seed) {
  return std::make_unique<RandomChoice>(seed);
}

}  // namespace ringmaster
