#include "policies/load_gap_filter.h"

#include <algorithm>

namespace ringmaster {

void LoadGapFilter::narrow(const RoutingQuery& /*query*/, const FleetState& fleet,
                           std::vector<InstanceId>& kept) {
  const auto requests = [&](InstanceId candidate) { return fleet[candidate].load.requests(); };
  const auto [least, most] = std::ranges::minmax(kept, {}, requests);
  const std::uint32_t fewest = requests(least);
  if (requests(most) - fewest <= gap_requests_) return;
  std::erase_if(kept, [&](InstanceId candidate) { return requests(candidate) != fewest; });
}

std::unique_ptr<CandidateFilter> make_load_gap_filter(OptionReader& options,
                                                      std::uint64_t /*seed*/) {
  return std::make_unique<LoadGapFilter>(options.count("gap_requests", 8, 0, 65'536));
}

}  // namespace ringmaster
