#include "policies/session_affinity.h"

#include <algorithm>

#include "policies/load_measure.h"

namespace ringmaster {

void SessionAffinity::choose(const RoutingQuery& query, const FleetState& fleet,
                             RoutingDecision& decision) {
  const std::uint64_t session = query.request.session;
  const auto load = [&](InstanceId instance) {
    return static_cast<double>(fleet[instance].load.requests());
  };
  if (Home* home = session != 0 ? sessions_.use(session) : nullptr) {
    const bool is_usable = std::ranges::binary_search(query.candidates, home->instance) &&
                           fleet[home->instance].spec.name == home->name;
    if (is_usable && query.now - home->used_at <= from_seconds(options_.idle_seconds)) {
      home->used_at = query.now;
      decision.consider({.instance = home->instance, .score = load(home->instance)});
      decision.instance = home->instance;
      decision.reason = "session_home";
      return;
    }
  }
  decision.instance = minimum_.pick(query.candidates, [&](InstanceId candidate) {
    decision.consider({.instance = candidate, .score = load(candidate)});
    return load(candidate);
  });
  decision.reason = session == 0 ? "no_session_least_load" : "new_home_least_load";
  if (session == 0) return;
  sessions_.put(session, {.instance = decision.instance,
                          .name = fleet[decision.instance].spec.name,
                          .used_at = query.now});
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
