#include "policies/session_affinity.h"

#include "policies/load_measure.h"

namespace ringmaster {

void SessionAffinity::choose(const RoutingQuery& query, const FleetState& fleet,
                             RoutingDecision& decision) {
  const auto load = [&](InstanceId instance) {
    return static_cast<double>(fleet[instance].load.requests());
  };
  if (const auto home = sessions_.find(query, fleet)) {
    decision.consider({.instance = *home, .score = load(*home)});
    decision.instance = *home;
    decision.reason = "session_home";
    return sessions_.note(query, fleet, *home);
  }
  decision.instance = minimum_.pick(query.candidates, [&](InstanceId candidate) {
    decision.consider({.instance = candidate, .score = load(candidate)});
    return load(candidate);
  });
  decision.reason = query.request.session == 0 ? "no_session_least_load" : "new_home_least_load";
  sessions_.note(query, fleet, decision.instance);
}

void SessionAffinity::describe(const RoutingQuery& /*query*/, const FleetState& fleet,
                               const ScoredCandidate& candidate, ScoreTerms& terms) const {
  describe_load(fleet[candidate.instance], LoadMeasure::kRequests, terms);
}

std::unique_ptr<RoutingPolicy> make_session_affinity(OptionReader& reader, std::uint64_t /*seed*/) {
  SessionAffinityOptions options;
  options.idle_seconds = reader.number("idle_seconds", options.idle_seconds, 1.0, 604'800.0);
  options.sessions_max = reader.count("sessions_max", options.sessions_max, 1, 10'000'000);
  return std::make_unique<SessionAffinity>(options);
}

}  // namespace ringmaster
