#include "policies/llumnix.h"

#include "policies/freeness.h"

namespace ringmaster {

void Llumnix::choose(const RoutingQuery& query, const FleetState& fleet,
                     RoutingDecision& decision) {
  decision.instance = minimum_.pick(query.candidates, [&](InstanceId candidate) {
    const double negative = -Freeness(fleet[candidate], query.request.block_tokens).value();
    decision.consider({.instance = candidate, .score = negative});
    return negative;
  });
  decision.reason = "most_free";
}

void Llumnix::describe(const RoutingQuery& query, const FleetState& fleet,
                       const ScoredCandidate& candidate, ScoreTerms& terms) const {
  const Freeness freeness(fleet[candidate.instance], query.request.block_tokens);
  terms.say("-(capacity - used - head) / batch, in KV tokens and requests");
  terms.add("capacity", freeness.capacity);
  terms.add("used", freeness.used);
  terms.add("head", freeness.head);
  terms.add("batch", freeness.batch);
}

PublishedForm Llumnix::published_form() const {
  if (!moves_) return {};
  return {.rebalancing = Rebalancing::kFreeness, .dispatch_window_requests = 1};
}

std::unique_ptr<RoutingPolicy> make_llumnix(OptionReader& options, std::uint64_t /*seed*/) {
  return std::make_unique<Llumnix>(options.flag("moves", false));
}

}  // namespace ringmaster
