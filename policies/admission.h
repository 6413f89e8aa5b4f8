#pragma once

#include <string_view>

#include "policies/routing_policy.h"

namespace ringmaster {

/// Decides whether a request is served at all; works with any policy. Plain calculation, as a
/// policy is. Not thread-safe.
class Admission {
 public:
  virtual ~Admission() = default;

  /// The name in configuration.
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// Whether the request should be served, given who may take it. A request that is not is
  /// answered 429 at once. Only asked when it arrives, never for a retry.
  [[nodiscard]] virtual bool admits(const RoutingQuery& query, const FleetState& fleet) = 0;

  /// Why one was not admitted: a static label, the reason of the decision.
  [[nodiscard]] virtual std::string_view refusal() const = 0;

  /// As RoutingPolicy::observer().
  [[nodiscard]] virtual RequestObserver* observer() { return nullptr; }
};

}  // namespace ringmaster
