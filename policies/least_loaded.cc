#include "policies/least_loaded.h"

namespace ringmaster {

void LeastLoaded::choose(const RoutingQuery& query, const FleetState& fleet,
                         RoutingDecision& decision) {
  decision.instance = minimum_.pick(query.candidates, [&](InstanceId candidate) {
    const double load = load_of(fleet[candidate], measure_);
    decision.consider({.instance = candidate, .score = load});
    return load;
  });
  decision.reason = "least_load";
}

void LeastLoaded::describe(const RoutingQuery& /*query*/, const FleetState& fleet,
                           const ScoredCandidate& candidate, ScoreTerms& terms) const {
  describe_load(fleet[candidate.instance], measure_, terms);
}

std::unique_ptr<RoutingPolicy> make_least_loaded(OptionReader& options, std::uint64_t /*seed*/) {
  return std::make_unique<LeastLoaded>(read_load_measure(options));
}

}  // namespace ringmaster
