#include "policies/llumnix.h"

#include <algorithm>

namespace ringmaster {
namespace {

struct Freeness {
  double capacity = 0.0;  ///< Tokens, like what follows.
  double used = 0.0;
  double head = 0.0;   ///< Of the first held request; the mean stands for it.
  double batch = 1.0;  ///< Requests.

  Freeness(const InstanceState& state, std::uint32_t block_tokens) {
    const InstanceLoad& load = state.load;
    capacity = static_cast<double>(state.spec.kv_cache_tokens);
    used = static_cast<double>(load.running_kv_blocks) * block_tokens +
           static_cast<double>(load.sent_tokens);
    if (load.held_requests > 0) head = static_cast<double>(load.held_tokens) / load.held_requests;
    batch = std::max(1U, load.prefilling_requests + load.decoding_requests);
  }
  [[nodiscard]] double value() const { return (capacity - used - head) / batch; }
};

}  // namespace

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

std::unique_ptr<RoutingPolicy> make_llumnix(OptionReader& /*options*/, std::uint64_t /*seed*/) {
  return std::make_unique<Llumnix>();
}

}  // namespace ringmaster
