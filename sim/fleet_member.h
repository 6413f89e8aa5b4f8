#pragma once

#include <cstdint>

#include "base/clock.h"
#include "sim/profiles.h"

namespace ringmaster::sim {

inline constexpr std::uint32_t kInstancesMax = 4096;  ///< Those that join included.

/// An instance as a fleet is made of.
struct FleetMember {
  InstanceProfile profile;
  double capacity = 1.0;  ///< Weight on the rings; see InstanceSpec.
};

/// How the gateways watch instances: by default as the live gateway does.
struct ProbeOptions {
  Duration interval = std::chrono::seconds(2);  ///< More than 0.
  std::uint32_t unhealthy_after = 3;            ///< Failures in a row.
  std::uint32_t healthy_after = 2;              ///< Good probes in a row.
};

}  // namespace ringmaster::sim
