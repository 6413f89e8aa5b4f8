#include "policies/smetric.h"

#include <utility>

namespace ringmaster {

std::uint32_t SMetric::exchange_last_prompt(const RequestSpec& request) {
  if (request.session == 0) return 0;
  if (std::uint32_t* last = last_prompt_tokens_.use(request.session)) {
    return std::exchange(*last, request.prompt_tokens);
  }
  last_prompt_tokens_.put(request.session, request.prompt_tokens);
  return 0;
}

void SMetric::choose(const RoutingQuery& query, const FleetState& fleet,
                     RoutingDecision& decision) {
  cached_.look_up(query, fleet);
  decision.knows_cache = true;
  const auto load = [&](InstanceId candidate) {
    return estimated_ttft_seconds(fleet[candidate], cached_.uncached(candidate));
  };
  const auto scored = [&](InstanceId candidate) {
    return ScoredCandidate{.instance = candidate,
                           .cached_tokens = cached_.tokens(candidate),
                           .score = load(candidate)};
  };
  InstanceId warmest = query.candidates.front();
  const InstanceId idlest = minimum_.pick(query.candidates, [&](InstanceId candidate) {
    decision.consider(scored(candidate));
    const std::uint32_t more = cached_.blocks(candidate);
    const std::uint32_t most = cached_.blocks(warmest);
    if (more > most || (more == most && load(candidate) < load(warmest))) warmest = candidate;
    return load(candidate);
  });
  const double expected = exchange_last_prompt(query.request);
  const double target = to_seconds(query.ttft_slo);
  InstanceId chosen = idlest;
  if (expected == 0.0) {
    decision.reason = "first_turn_least_load";
  } else if (cached_.tokens(warmest) < options_.hit_ratio * expected) {
    decision.reason = "evicted_least_load";
  } else if (load(warmest) <= options_.slack * target) {
    decision.reason = "session_cache";
    chosen = warmest;
  } else if (load(idlest) > target) {
    decision.reason = "all_late_session_cache";
    chosen = warmest;
  } else {
    decision.reason = "past_slo_least_load";
  }
  decision.take(scored(chosen));
}

void SMetric::describe(const RoutingQuery& query, const FleetState& fleet,
                       const ScoredCandidate& candidate, ScoreTerms& terms) const {
  terms.say(kTtftFormula);
  add_ttft_terms(fleet[candidate.instance],
                 uncached_tokens(query.request.prompt_tokens, candidate.cached_tokens), terms);
}

std::unique_ptr<RoutingPolicy> make_smetric(OptionReader& reader, std::uint64_t /*seed*/) {
  SMetricOptions options;
  options.slack = reader.number("slack", options.slack, 0.01, 10.0);
  options.hit_ratio = reader.number("hit_ratio", options.hit_ratio, 0.0, 1.0);
  options.sessions_max = reader.count("sessions_max", options.sessions_max, 1, 10'000'000);
  return std::make_unique<SMetric>(options);
}

}  // namespace ringmaster
