#pragma once

#include "policies/request_observer.h"
#include "policies/routing_policy.h"

namespace ringmaster {

/// A policy whose choices follow from what became of earlier requests: it is told itself. Overrides
/// of RequestObserver say what it listens to.
class LearningPolicy : public RoutingPolicy, protected RequestObserver {
 public:
  [[nodiscard]] bool has_history() const final { return true; }
  [[nodiscard]] RequestObserver* observer() final { return this; }
};

}  // namespace ringmaster
