#include "policies/shed_low_priority.h"

#include <algorithm>

#include "policies/kv_usage.h"

namespace ringmaster {

bool ShedLowPriority::admits(const RoutingQuery& query, const FleetState& fleet) {
  if (static_cast<double>(query.request.priority) >= below_) return true;
  cached_.look_up(query, fleet);
  return std::ranges::any_of(query.candidates, [&](InstanceId candidate) {
    const InstanceState& state = fleet[candidate];
    return state.load.requests() == 0 || kv_usage_of(state, query.request) < kv_usage_ ||
           estimated_ttft_seconds(state, cached_.uncached(candidate)) <= to_seconds(query.ttft_slo);
  });
}

std::unique_ptr<Admission> make_shed_low_priority(OptionReader& options, std::uint64_t /*seed*/) {
  const double below = options.number("below", 0.0, -1e6, 1e6);
  return std::make_unique<ShedLowPriority>(below, options.number("kv_usage", 0.02, 0.0, 1.0));
}

}  // namespace ringmaster
