#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "policies/candidate_filter.h"
#include "policies/option_reader.h"

namespace ringmaster {

/// Keeps only the instances with the fewest requests in flight while the fleet is out of balance:
/// the busiest has more than `gap_requests` more than the idlest. O(n).
/// Options: gap_requests in [0, 65536] (8).
/// Source: the gate before the prefix-aware policies of AIBrix.
class LoadGapFilter final : public CandidateFilter {
 public:
  explicit LoadGapFilter(std::uint32_t gap_requests) : gap_requests_(gap_requests) {}

  [[nodiscard]] std::string_view name() const override { return "load_gap"; }
  void narrow(const RoutingQuery& query, const FleetState& fleet,
              std::vector<InstanceId>& kept) override;

 private:
  std::uint32_t gap_requests_;
};

[[nodiscard]] std::unique_ptr<CandidateFilter> make_load_gap_filter(OptionReader& options,
                                                                    std::uint64_t seed);

}  // namespace ringmaster
