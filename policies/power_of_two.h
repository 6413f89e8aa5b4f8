#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/random.h"
#include "policies/load_measure.h"
#include "policies/option_reader.h"
#include "policies/routing_policy.h"

namespace ringmaster {

/// The less loaded of two different random instances; the first drawn on a tie. Load is requests
/// in flight, or pending tokens with load=pending_tokens.
///
/// Nearly the balance of least_loaded at O(1). Source: Mitzenmacher, "The power of two choices in
/// randomized load balancing" (1996).
class PowerOfTwo final : public RoutingPolicy {
 public:
  PowerOfTwo(LoadMeasure measure, std::uint64_t seed) : measure_(measure), random_(seed) {}

  [[nodiscard]] std::string_view name() const override { return "power_of_two"; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  LoadMeasure measure_;
  Random random_;
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_power_of_two(OptionReader& options,
                                                               std::uint64_t seed);

}  // namespace ringmaster
