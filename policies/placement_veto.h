#pragma once

#include <string_view>

#include "policies/routing_policy.h"

namespace ringmaster {

/// Keeps requests off instances that are in danger; works with any policy and with moves. Plain
/// calculation, as a policy is. Not thread-safe.
class PlacementVeto {
 public:
  virtual ~PlacementVeto() = default;

  /// The name in configuration.
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// Whether this request should not be placed there now. Where it is forbidden everywhere it is
  /// allowed everywhere: that is the caller's rule.
  [[nodiscard]] virtual bool forbids(const RequestSpec& request, InstanceId instance,
                                     const FleetState& fleet, TimePoint now) = 0;

  /// As RoutingPolicy::observer().
  [[nodiscard]] virtual RequestObserver* observer() { return nullptr; }
};

}  // namespace ringmaster
