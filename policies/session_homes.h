#pragma once

#include <cstddef>
#include <optional>

#include "base/clock.h"
#include "policies/last_instance.h"
#include "policies/recent_map.h"
#include "policies/routing_policy.h"

namespace ringmaster {

/// The instance that each session used last. O(1) a call.
class SessionHomes {
 public:
  /// Remembers the `sessions_max` sessions used last, each for `idle_max` after its last request.
  /// Requires: sessions_max > 0.
  SessionHomes(std::size_t sessions_max, Duration idle_max)
      : sessions_(sessions_max), idle_max_(idle_max) {}

  /// The home of the request's session; none if it names no session, or a new one, or if its
  /// instance is not a candidate.
  [[nodiscard]] std::optional<InstanceId> find(const RoutingQuery& query,
                                               const FleetState& fleet) const;

  /// The request's session, if it names one, uses the instance now.
  void note(const RoutingQuery& query, const FleetState& fleet, InstanceId instance);

 private:
  RecentMap<LastInstance> sessions_;
  Duration idle_max_;
};

}  // namespace ringmaster
