#include "policies/least_work_left.h"

#include <utility>

namespace ringmaster {

void LeastWorkLeft::choose(const RoutingQuery& query, const FleetState& fleet,
                           RoutingDecision& decision) {
  cached_.look_up(query, fleet);
  const auto work = [&](InstanceId candidate) {
    return fleet[candidate].load.pending_tokens() + cached_.uncached(candidate);
  };
  const auto scored = [&](InstanceId candidate) {
    return ScoredCandidate{.instance = candidate,
                           .cached_tokens = cached_.tokens(candidate),
                           .score = static_cast<double>(work(candidate))};
  };
  decision.take(scored(minimum_.pick(query.candidates, [&](InstanceId candidate) {
    decision.consider(scored(candidate));
    return std::pair(work(candidate), fleet[candidate].load.requests());
  })));
  decision.knows_cache = true;
  decision.reason = "least_work_left";
}

void LeastWorkLeft::describe(const RoutingQuery& query, const FleetState& fleet,
                             const ScoredCandidate& candidate, ScoreTerms& terms) const {
  terms.say("pending + uncached, in tokens");
  terms.add("pending", static_cast<double>(fleet[candidate.instance].load.pending_tokens()));
  terms.add("uncached", uncached_tokens(query.request.prompt_tokens, candidate.cached_tokens));
}

std::unique_ptr<RoutingPolicy> make_least_work_left(OptionReader& /*options*/,
                                                    std::uint64_t /*seed*/) {
  return std::make_unique<LeastWorkLeft>();
}

}  // namespace ringmaster
