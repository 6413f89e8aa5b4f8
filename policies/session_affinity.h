#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "policies/option_reader.h"
#include "policies/rotating_minimum.h"
#include "policies/routing_policy.h"
#include "policies/session_homes.h"

namespace ringmaster {

struct SessionAffinityOptions {
  double idle_seconds = 14'400.0;  ///< A session is forgotten after so long without a request.
  std::uint32_t sessions_max = 65'536;
};

/// The instance that the session used last; a new session, one whose instance cannot take it, or a
/// request without a session goes to the instance with the fewest requests in flight (ties go
/// around).
///
/// Finds what a conversation shares with itself and nothing that conversations share with each
/// other; a busy session stays on a busy instance. New instances take over no session. O(1), O(n)
/// for a new session. Options: idle_seconds in [1, 604800] (4 h), sessions_max in [1, 10000000].
/// Source: the `manual` policy of SMG, the SGLang model gateway (assignment by least load).
class SessionAffinity final : public RoutingPolicy {
 public:
  explicit SessionAffinity(const SessionAffinityOptions& options)
      : sessions_(options.sessions_max, from_seconds(options.idle_seconds)) {}

  [[nodiscard]] std::string_view name() const override { return "session_affinity"; }
  [[nodiscard]] bool has_history() const override { return true; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  SessionHomes sessions_;
  RotatingMinimum minimum_;
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_session_affinity(OptionReader& options,
                                                                   std::uint64_t seed);

}  // namespace ringmaster
