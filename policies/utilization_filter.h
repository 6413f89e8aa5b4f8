#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "policies/candidate_filter.h"
#include "policies/option_reader.h"

namespace ringmaster {

/// Drops instances that are full by queue or memory:
///
///     dropped if max(waiting_i / queue_requests, kv_usage_i / kv_usage) > limit
///
/// Waiting requests and KV usage are those an instance reported last; without a report the router's
/// own bookings stand for them. O(n).
/// Options: queue_requests in [0.01, 65536] (5), kv_usage in [0.01, 1] (0.8), limit in
/// [0.01, 1000] (1).
/// Source: the saturation filter of llm-d's endpoint picker with its utilization detector. Left
/// out: that a report older than 200 ms counts as full.
class UtilizationFilter final : public CandidateFilter {
 public:
  UtilizationFilter(double queue_requests, double kv_usage, double limit)
      : queue_requests_(queue_requests), kv_usage_(kv_usage), limit_(limit) {}

  [[nodiscard]] std::string_view name() const override { return "utilization"; }
  void narrow(const RoutingQuery& query, const FleetState& fleet,
              std::vector<InstanceId>& kept) override;

 private:
  double queue_requests_;
  double kv_usage_;
  double limit_;
};

[[nodiscard]] std::unique_ptr<CandidateFilter> make_utilization_filter(OptionReader& options,
                                                                       std::uint64_t seed);

}  // namespace ringmaster
