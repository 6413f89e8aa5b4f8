#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "policies/cached_prompt.h"
#include "policies/option_reader.h"
#include "policies/rotating_minimum.h"
#include "policies/routing_policy.h"

namespace ringmaster {

/// The instance with the fewest prompt tokens left to compute once it has this request:
///
///     score_i = pending_i + max(1, prompt - cached_i)
///
/// Ties: fewer requests in flight, then around. Tokens, not seconds: unlike min_ttft it takes all
/// instances for equally fast. No options. O(n) and one walk of the index.
/// Source: the cache-aware metric of Llumnix's repository ("least prefill work left").
class LeastWorkLeft final : public RoutingPolicy {
 public:
  [[nodiscard]] std::string_view name() const override { return "least_work_left"; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  RotatingMinimum minimum_;
  CachedPrompt cached_;
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_least_work_left(OptionReader& options,
                                                                  std::uint64_t seed);

}  // namespace ringmaster
