#include "policies/early_rejection.h"

#include <algorithm>
#include <limits>

namespace ringmaster {

bool EarlyRejection::admits(const RoutingQuery& query, const FleetState& fleet) {
  cached_.look_up(query, fleet);
  double least = std::numeric_limits<double>::infinity();
  for (const InstanceId candidate : query.candidates) {
    least = std::min(least, estimated_ttft_seconds(fleet[candidate], cached_.uncached(candidate)));
  }
  return admits(least, query.ttft_slo);
}

double read_reject_above(OptionReader& options) {
  return options.number("reject_above", 1.0, 0.01, 1000.0);
}

std::unique_ptr<Admission> make_early_rejection(OptionReader& options, std::uint64_t /*seed*/) {
  return std::make_unique<EarlyRejection>(read_reject_above(options));
}

}  // namespace ringmaster
