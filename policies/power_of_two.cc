#include "policies/power_of_two.h"

namespace ringmaster {

void PowerOfTwo::choose(const RoutingQuery& query, const FleetState& fleet,
                        RoutingDecision& decision) {
  const auto candidates = query.candidates;
  const std::size_t first = random_.below(candidates.size());
  const auto load = [&](std::size_t i) { return load_of(fleet[candidates[i]], measure_); };
  const auto consider = [&](std::size_t i) {
    decision.consider({.instance = candidates[i], .score = load(i)});
  };
  consider(first);
  decision.instance = candidates[first];
  decision.reason = "only_candidate";
  if (candidates.size() == 1) return;
  // One of the others, each with the same chance.
  const std::size_t second = (first + 1 + random_.below(candidates.size() - 1)) % candidates.size();
  consider(second);
  if (load(second) < load(first)) decision.instance = candidates[second];
  decision.reason = load(second) == load(first) ? "equal_load" : "less_load_of_two";
}

void PowerOfTwo::describe(const RoutingQuery& /*query*/, const FleetState& fleet,
                          const ScoredCandidate& candidate, ScoreTerms& terms) const {
  describe_load(fleet[candidate.instance], measure_, terms);
}

std::unique_ptr<RoutingPolicy> make_power_of_two(OptionReader& options, std::uint64_t seed) {
  return std::make_unique<PowerOfTwo>(read_load_measure(options), seed);
}

}  // namespace ringmaster
