#pragma once

#include <cstdint>

namespace ringmaster {

/// What the load of a fleet asks of its size.
enum class ScaleAdvice : std::uint8_t { kKeep, kAdd, kRemove };

/// Published: 10 and 60 steps, looked at every 10 s.
struct ScaleThresholds {
  double add_below = 10.0;     ///< Mean freeness (freeness.h), in decode steps.
  double remove_above = 60.0;  ///< Above add_below.
};

/// One more instance while the mean freeness of the fleet is below the lower threshold, one fewer
/// while it is above the upper one. How often to ask, and how long to wait after a change, is the
/// caller's affair. Source: Llumnix (OSDI 2024).
[[nodiscard]] constexpr ScaleAdvice scale_advice(double mean_freeness,
                                                 const ScaleThresholds& thresholds = {}) {
  if (mean_freeness < thresholds.add_below) return ScaleAdvice::kAdd;
  if (mean_freeness > thresholds.remove_above) return ScaleAdvice::kRemove;
  return ScaleAdvice::kKeep;
}

}  // namespace ringmaster
