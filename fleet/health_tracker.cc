#include "fleet/health_tracker.h"

namespace ringmaster {

std::string_view health_word(Health health) {
  switch (health) {
    case Health::kHealthy:
      return "healthy";
    case Health::kSuspect:
      return "suspect";
    case Health::kDead:
      return "dead";
  }
  return "unknown";
}

std::optional<Health> HealthTracker::become(Health health) {
  if (health == health_) return std::nullopt;
  health_ = health;
  return health;
}

std::optional<Health> HealthTracker::good_probe() {
  failures_ = 0;
  ++successes_;
  if (is_new_ || successes_ >= healthy_after_) {
    is_new_ = false;
    return become(Health::kHealthy);
  }
  return become(health_ == Health::kDead ? Health::kSuspect : health_);
}

std::optional<Health> HealthTracker::failure() {
  successes_ = 0;
  ++failures_;
  if (failures_ >= unhealthy_after_) return become(Health::kDead);
  return become(health_ == Health::kDead ? Health::kDead : Health::kSuspect);
}

std::optional<Health> HealthTracker::silence() {
  successes_ = 0;
  return become(health_ == Health::kDead ? Health::kDead : Health::kSuspect);
}

}  // namespace ringmaster
