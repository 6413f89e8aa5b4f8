#include "policies/within_slo_filter.h"

#include <algorithm>

namespace ringmaster {

void WithinSloFilter::narrow(const RoutingQuery& query, const FleetState& fleet,
                             std::vector<InstanceId>& kept) {
  cached_.look_up(query, fleet);
  const double limit = share_ * to_seconds(query.ttft_slo);
  std::erase_if(kept, [&](InstanceId candidate) {
    return estimated_ttft_seconds(fleet[candidate], cached_.uncached(candidate)) > limit;
  });
}

std::unique_ptr<CandidateFilter> make_within_slo_filter(OptionReader& options,
                                                        std::uint64_t /*seed*/) {
  return std::make_unique<WithinSloFilter>(options.number("share", 1.0, 0.01, 1000.0));
}

}  // namespace ringmaster
