#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "policies/load_measure.h"
#include "policies/option_reader.h"
#include "policies/rotating_minimum.h"
#include "policies/routing_policy.h"

namespace ringmaster {

/// The instance with the smallest load: requests in flight (join the shortest queue), or with
/// load=pending_tokens the uncached prompt tokens not yet prefilled. Ties go around.
///
/// Balances well and finds a cached prefix only by chance. O(n).
class LeastLoaded final : public RoutingPolicy {
 public:
  explicit LeastLoaded(LoadMeasure measure) : measure_(measure) {}

  [[nodiscard]] std::string_view name() const override { return "least_loaded"; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  LoadMeasure measure_;
  RotatingMinimum minimum_;
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_least_loaded(OptionReader& options,
                                                               std::uint64_t seed);

}  // namespace ringmaster
