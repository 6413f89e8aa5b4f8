#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "policies/early_rejection.h"
#include "policies/min_ttft.h"
#include "policies/option_reader.h"
#include "policies/routing_policy.h"

namespace ringmaster {

/// `min_ttft` with the admission `early_rejection` (early_rejection.h), as published together:
///
///     T_i = (pending_i + max(1, prompt - cached_i)) * prefill_seconds_per_token_i
///     the smallest; reject if min T_i > reject_above * target
///
/// A request that would be late anyway is answered 429 at once, so that it does not make others
/// late. Ties go around. O(n) and one walk of the index.
/// Options: reject_above in [0.01, 1000] (1), reject=on|off.
/// Source: the Conductor of Mooncake (arXiv 2407.00079), for instances that prefill and decode
/// themselves. Left out, as such instances cannot do it: fetching KV from another instance (its
/// rule for that and the copies of hot blocks that follow), the choice of a decode instance, and
/// rejection by predicted decode load.
class Mooncake final : public RoutingPolicy {
 public:
  Mooncake(bool rejects, double reject_above) : rejects_(rejects), admission_(reject_above) {}

  [[nodiscard]] std::string_view name() const override { return "mooncake"; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  bool rejects_;
  MinTtft min_ttft_;
  EarlyRejection admission_;
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_mooncake(OptionReader& options,
                                                           std::uint64_t seed);

}  // namespace ringmaster
