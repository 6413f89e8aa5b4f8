#pragma once

#include <string_view>
#include <vector>

#include "policies/routing_policy.h"

namespace ringmaster {

/// Narrows the instances that a policy may choose from; works with any policy. Plain calculation,
/// as a policy is. Not thread-safe.
class CandidateFilter {
 public:
  virtual ~CandidateFilter() = default;

  /// The name in configuration.
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// Takes out of `kept` (by slot; at first what the filter before it kept) whom it does not let
  /// through, and leaves the order as it is. Where it lets nobody through, all stay: that is the
  /// caller's rule. Without homes in the query.
  virtual void narrow(const RoutingQuery& query, const FleetState& fleet,
                      std::vector<InstanceId>& kept) = 0;

  /// As RoutingPolicy::observer().
  [[nodiscard]] virtual RequestObserver* observer() { return nullptr; }
};

}  // namespace ringmaster
