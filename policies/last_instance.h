#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "base/clock.h"
#include "policies/routing_policy.h"

namespace ringmaster {

/// The instance that a session or a conversation used last, and when.
struct LastInstance {
  InstanceId instance;
  std::string name;  ///< The slot may be another instance's by now.
  TimePoint used_at{};

  LastInstance(const RoutingQuery& query, const FleetState& fleet, InstanceId used)
      : instance(used), name(fleet[used].spec.name), used_at(query.now) {}

  /// The instance, if it was used within `idle_max`, is the same one still and a candidate.
  [[nodiscard]] std::optional<InstanceId> find(const RoutingQuery& query, const FleetState& fleet,
                                               Duration idle_max) const {
    if (query.now - used_at > idle_max) return std::nullopt;
    if (!std::ranges::binary_search(query.candidates, instance)) return std::nullopt;
    if (fleet[instance].spec.name != name) return std::nullopt;
    return instance;
  }

  /// As if made anew; sooner where it is the same instance.
  void use(const RoutingQuery& query, const FleetState& fleet, InstanceId used) {
    used_at = query.now;
    if (instance == used && name == fleet[used].spec.name) return;
    instance = used;
    name = fleet[used].spec.name;
  }
};

}  // namespace ringmaster
