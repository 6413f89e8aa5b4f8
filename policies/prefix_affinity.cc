#include "policies/prefix_affinity.h"

#include "policies/hotness_reading.h"

namespace ringmaster {

void PrefixAffinity::choose(const RoutingQuery& query, const FleetState& /*fleet*/,
                            RoutingDecision& decision) {
  const InstanceId home = query.homes[0];
  decision.instance = home;
  decision.reason = "first_home";
  decision.consider({.instance = home});
}

std::unique_ptr<RoutingPolicy> make_prefix_affinity(OptionReader& options, std::uint64_t /*seed*/) {
  HotnessOptions hotness;
  read_hotness(options, hotness);
  return std::make_unique<PrefixAffinity>(hotness);
}

}  // namespace ringmaster
