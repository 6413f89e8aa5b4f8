#pragma once

#include <algorithm>
#include <cstdint>

#include "base/check.h"

namespace ringmaster {

/// Bounds how many retried requests may be in flight at a time, so that a failing fleet is not
/// drowned by retries: a share of all requests in flight, but a few always, and where an instance
/// was lost, what it had on average.
class RetryBudget {
 public:
  explicit RetryBudget(double share) : share_(share) {}

  /// `lost_share`: of the fleet, that was lost with the attempt; 0: the instance is still there.
  [[nodiscard]] bool allows_another(std::uint64_t requests_in_flight, double lost_share) const {
    const double share = std::max(share_, lost_share);
    const double allowed = std::max(kRetriesMin, share * static_cast<double>(requests_in_flight));
    return static_cast<double>(retries_in_flight_) < allowed;
  }
  void begin() { ++retries_in_flight_; }
  void end() {
    RINGMASTER_CHECK(retries_in_flight_ > 0);
    --retries_in_flight_;
  }

 private:
  static constexpr double kRetriesMin = 3.0;

  double share_;
  std::uint64_t retries_in_flight_ = 0;
};

}  // namespace ringmaster
