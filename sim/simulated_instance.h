#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "fleet/health_tracker.h"
#include "sim/fleet_member.h"
#include "sim/instance_model.h"

namespace ringmaster::sim {

/// One place of the fleet: the instance in it, how it fares and what the gateways think of it.
struct SimulatedInstance {
  SimulatedInstance(const FleetMember& member, const ProbeOptions& probes)
      : profile(member.profile),
        capacity(member.capacity),
        health(probes.unhealthy_after, probes.healthy_after) {}

  /// A step of that length starts now; the time at which it ends.
  TimePoint begin_step(Duration length, TimePoint now) {
    const double factor = now < slow_until ? slow_factor : 1.0;
    is_running = true;
    step_ends_at = std::max(now, stalled_until) + scaled(length, factor);
    return step_ends_at;
  }

  /// Nothing goes on until `until`. The new end of the running step, if there is one.
  std::optional<TimePoint> stall(TimePoint now, TimePoint until) {
    const TimePoint since = std::max(now, stalled_until);
    if (until <= since) return std::nullopt;
    stalled_until = until;
    if (!is_running) return std::nullopt;
    step_ends_at += until - since;
    return step_ends_at;
  }

  InstanceProfile profile;
  double capacity;  ///< On the rings.
  HealthTracker health;
  std::unique_ptr<InstanceModel> model;  ///< Null before it is ready and once it has left.
  std::uint32_t owner = 0;               ///< The gateway that owns it, where they are peers.
  std::uint32_t requests = 0;            ///< Sent there and neither answered nor failed.
  bool is_present = false;               ///< The gateways know it.
  bool has_left = false;
  bool is_draining = false;
  bool is_down = false;
  bool is_probed = false;  ///< The next probe is scheduled.
  bool is_running = false;
  TimePoint step_ends_at{};
  TimePoint stalled_until{};
  TimePoint slow_until{};
  double slow_factor = 1.0;
  TimePoint paid_since{};  ///< From the moment it was asked for, its start included.

 private:
  static Duration scaled(Duration length, double factor) {
    return factor == 1.0 ? length : from_seconds(to_seconds(length) * factor);
  }
};

}  // namespace ringmaster::sim
