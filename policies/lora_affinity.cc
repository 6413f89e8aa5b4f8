#include "policies/lora_affinity.h"

#include <algorithm>

#include "policies/adapter_filter.h"

namespace ringmaster {
namespace {

constexpr std::size_t kChoicesMax = 65'536;
// One very late answer must not drown all others.
constexpr double kSecondsMax = 60.0;

}  // namespace

LoraAffinity::LoraAffinity(const LoraAffinityOptions& options)
    : options_(options), adapters_(options.slots), choices_(kChoicesMax) {}

LoraAffinity::Learner LoraAffinity::fresh() const {
  return {{0.0, 1.0, 1.0, options_.load_seconds, 0.0}, options_.ridge};
}

LoraAffinity::Learner::Vector LoraAffinity::features_of(const RoutingQuery& query,
                                                        const FleetState& fleet,
                                                        InstanceId candidate,
                                                        std::uint32_t cached_tokens) const {
  const InstanceState& state = fleet[candidate];
  const std::uint32_t uncached = uncached_tokens(query.request.prompt_tokens, cached_tokens);
  const double seconds_per_token = state.prefill_seconds_per_token;
  return {1.0, static_cast<double>(state.load.pending_tokens()) * seconds_per_token,
          uncached * seconds_per_token, adapters_.has(candidate, query.request.adapter) ? 0.0 : 1.0,
          static_cast<double>(state.load.requests())};
}

void LoraAffinity::choose(const RoutingQuery& query, const FleetState& fleet,
                          RoutingDecision& decision) {
  cached_.look_up(query, fleet);
  if (learners_.size() < fleet.slot_count()) learners_.resize(fleet.slot_count(), fresh());
  decision.instance = minimum_.pick(query.candidates, [&](InstanceId candidate) {
    const Learner& learner = learners_[candidate.value];
    const std::uint32_t cached = cached_.tokens(candidate);
    const auto features = features_of(query, fleet, candidate, cached);
    const double score =
        learner.expected(features) - options_.exploration * learner.width(features);
    decision.consider({.instance = candidate, .cached_tokens = cached, .score = score});
    return score;
  });
  decision.knows_cache = true;
  const bool has = adapters_.has(decision.instance, query.request.adapter);
  decision.reason = query.request.adapter == 0 ? "least_learned_ttft"
                    : has                      ? "adapter_loaded"
                                               : "adapter_to_be_loaded";
  choices_.put(query.request.id.value,
               {decision.instance,
                features_of(query, fleet, decision.instance, cached_.tokens(decision.instance))});
}

void LoraAffinity::describe(const RoutingQuery& query, const FleetState& fleet,
                            const ScoredCandidate& candidate, ScoreTerms& terms) const {
  const Learner& learner = learners_[candidate.instance.value];
  const auto features = features_of(query, fleet, candidate.instance, candidate.cached_tokens);
  terms.say("expected + doubt, in seconds, as learnt");
  terms.add("expected", learner.expected(features));
  terms.add("doubt", -options_.exploration * learner.width(features));
}

void LoraAffinity::dispatched(const ObservedRequest& seen) {
  adapters_.used(seen.instance, seen.request.adapter);
}

void LoraAffinity::first_token(const ObservedRequest& seen) {
  const Choice* choice = choices_.use(seen.request.id.value);
  // One that has moved since was weighed for another instance.
  if (choice == nullptr || choice->instance != seen.instance) return;
  if (seen.instance.value >= learners_.size()) return;
  learners_[seen.instance.value].observe(choice->features,
                                         std::min(to_seconds(seen.since_arrival), kSecondsMax));
}

void LoraAffinity::instance_left(InstanceId instance) {
  adapters_.forget(instance);
  if (instance.value < learners_.size()) learners_[instance.value] = fresh();
}

std::unique_ptr<RoutingPolicy> make_lora_affinity(OptionReader& reader, std::uint64_t /*seed*/) {
  LoraAffinityOptions options;
  options.exploration = reader.number("exploration", options.exploration, 0.0, 100.0);
  options.load_seconds = reader.number("load_seconds", options.load_seconds, 0.0, 600.0);
  options.ridge = reader.number("ridge", options.ridge, 0.001, 1e6);
  options.slots = static_cast<std::uint32_t>(read_adapter_slots(reader));
  return std::make_unique<LoraAffinity>(options);
}

}  // namespace ringmaster
