#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "fleet/instance.h"

namespace ringmaster {

/// "healthy", "suspect" or "dead", for the admin interface and the log.
[[nodiscard]] std::string_view health_word(Health health);

/// What probes and requests say of one instance, boiled down to its health.
///
/// It starts suspect, and the first answer makes it healthy. From then on the first failure makes
/// it suspect, `unhealthy_after` failures in a row dead, and the way back is slow: suspect with the
/// first good probe, healthy with the `healthy_after`-th in a row. Silence (connected, but no
/// answer in time) makes it suspect and never dead: a busy engine is not a dead one.
class HealthTracker {
 public:
  /// Requires: both at least 1.
  HealthTracker(std::uint32_t unhealthy_after, std::uint32_t healthy_after)
      : unhealthy_after_(unhealthy_after), healthy_after_(healthy_after) {}

  // Each returns the new health if it changed.
  std::optional<Health> good_probe();
  std::optional<Health> failure();
  std::optional<Health> silence();

  [[nodiscard]] Health health() const { return health_; }

 private:
  std::optional<Health> become(Health health);

  std::uint32_t unhealthy_after_;
  std::uint32_t healthy_after_;
  Health health_ = Health::kSuspect;
  bool is_new_ = true;          ///< No good probe yet.
  std::uint32_t failures_ = 0;  ///< In a row.
  std::uint32_t successes_ = 0;
};

}  // namespace ringmaster
