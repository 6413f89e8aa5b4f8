#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "policies/cached_prompt.h"
#include "policies/candidate_filter.h"
#include "policies/option_reader.h"

namespace ringmaster {

/// Keeps the instances that could have the first token out in time:
///
///     kept if (pending_i + uncached_i) * seconds_per_token_i <= share * target
///
/// O(n) and one walk of the index. Options: share in [0.01, 1000] (1).
/// Source: the TTFT filter of Llumnix's SLO policy (6 s there) and the headroom tiers of llm-d.
class WithinSloFilter final : public CandidateFilter {
 public:
  explicit WithinSloFilter(double share) : share_(share) {}

  [[nodiscard]] std::string_view name() const override { return "within_slo"; }
  void narrow(const RoutingQuery& query, const FleetState& fleet,
              std::vector<InstanceId>& kept) override;

 private:
  double share_;
  CachedPrompt cached_;
};

[[nodiscard]] std::unique_ptr<CandidateFilter> make_within_slo_filter(OptionReader& options,
                                                                      std::uint64_t seed);

}  // namespace ringmaster
