#include "policies/adapter_filter.h"

#include <algorithm>

namespace ringmaster {

void AdapterFilter::narrow(const RoutingQuery& query, const FleetState& /*fleet*/,
                           std::vector<InstanceId>& kept) {
  const std::uint64_t adapter = query.request.adapter;
  if (adapter == 0) return;
  const auto has = [&](InstanceId candidate) { return adapters_.has(candidate, adapter); };
  if (std::ranges::any_of(kept, has)) {
    std::erase_if(kept, [&](InstanceId candidate) { return !has(candidate); });
  } else {
    std::erase_if(kept, [&](InstanceId candidate) { return !adapters_.has_free_slot(candidate); });
  }
}

std::size_t read_adapter_slots(OptionReader& options) {
  return options.count("slots", 8, 1, 1024);
}

std::unique_ptr<CandidateFilter> make_adapter_filter(OptionReader& options,
                                                     std::uint64_t /*seed*/) {
  return std::make_unique<AdapterFilter>(read_adapter_slots(options));
}

}  // namespace ringmaster
