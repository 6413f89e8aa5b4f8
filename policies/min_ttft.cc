#include "policies/min_ttft.h"

namespace ringmaster {

void MinTtft::choose(const RoutingQuery& query, const FleetState& fleet,
                     RoutingDecision& decision) {
  cached_blocks_.resize(fleet.slot_count());
  fleet.residency().index().cached_blocks_by_slot(query.request.chain, cached_blocks_);
  decision.instance = minimum_.pick(query.candidates, [&](InstanceId candidate) {
    const std::uint32_t cached = tokens_of_blocks(query.request, cached_blocks_[candidate.value]);
    const double seconds = estimated_ttft_seconds(
        fleet[candidate], uncached_tokens(query.request.prompt_tokens, cached));
    decision.consider({.instance = candidate, .cached_tokens = cached, .score = seconds});
    return seconds;
  });
  decision.knows_cache = true;
  decision.reason = "least_estimated_ttft";
}

void MinTtft::describe(const RoutingQuery& query, const FleetState& fleet,
                       const ScoredCandidate& candidate, ScoreTerms& terms) const {
  terms.say(kTtftFormula);
  add_ttft_terms(fleet[candidate.instance],
                 uncached_tokens(query.request.prompt_tokens, candidate.cached_tokens), terms);
}

std::unique_ptr<RoutingPolicy> make_min_ttft(OptionReader& /*options*/, std::uint64_t /*seed*/) {
  return std::make_unique<MinTtft>();
}

}  // namespace ringmaster
