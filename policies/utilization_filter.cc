#include "policies/utilization_filter.h"

#include <algorithm>

#include "policies/kv_usage.h"

namespace ringmaster {

void UtilizationFilter::narrow(const RoutingQuery& query, const FleetState& fleet,
                               std::vector<InstanceId>& kept) {
  std::erase_if(kept, [&](InstanceId candidate) {
    const InstanceState& state = fleet[candidate];
    const std::uint32_t booked = state.load.held_requests + state.load.prefilling_requests;
    const double waiting = state.report.waiting_requests.value_or(booked);
    return std::max(waiting / queue_requests_, kv_usage_of(state, query.request) / kv_usage_) >
           limit_;
  });
}

std::unique_ptr<CandidateFilter> make_utilization_filter(OptionReader& options,
                                                         std::uint64_t /*seed*/) {
  const double queue_requests = options.number("queue_requests", 5.0, 0.01, 65'536.0);
  const double kv_usage = options.number("kv_usage", 0.8, 0.01, 1.0);
  return std::make_unique<UtilizationFilter>(queue_requests, kv_usage,
                                             options.number("limit", 1.0, 0.01, 1000.0));
}

}  // namespace ringmaster
