#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "policies/option_reader.h"
#include "policies/rotating_minimum.h"
#include "policies/routing_policy.h"

namespace ringmaster {

/// The instance with the smallest estimated time to first token, over the whole fleet:
///
///     score_i = (pending_i + max(1, prompt - cached_i)) * prefill_seconds_per_token_i
///
/// Ties go around. Greedy: it copies a hot prefix to every instance that happens to be idle, and
/// it needs a fresh view of the load. O(n) and one walk of the index.
/// Source: the baseline of that name in DualMap (arXiv 2602.06502).
class MinTtft final : public RoutingPolicy {
 public:
  [[nodiscard]] std::string_view name() const override { return "min_ttft"; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  RotatingMinimum minimum_;
  std::vector<std::uint32_t> cached_blocks_;  ///< By slot; scratch.
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_min_ttft(OptionReader& options,
                                                           std::uint64_t seed);

}  // namespace ringmaster
