#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "policies/scale_signal.h"

namespace ringmaster::sim {

/// What an autoscaler looks at.
enum class ScalingSignal : std::uint8_t {
  /// Seconds of prefill that wait at an instance or for it, mean over those that take requests.
  /// More is worse.
  kPending,
  /// The gateways' own signal (SchedulerLoad::mean_freeness, policies/scale_signal.h), mean over
  /// the gateways. Less is worse.
  kFreeness,
};

struct AutoscalerOptions {
  ScalingSignal signal = ScalingSignal::kPending;
  std::uint32_t instances_min = 1;
  std::uint32_t instances_max = 64;
  double scale_up_at = 2.0;                      ///< One more where the signal is worse than this.
  double scale_down_at = 0.25;                   ///< One less where it is better than this.
  Duration interval = std::chrono::seconds(10);  ///< Between two looks.
  Duration cooldown = std::chrono::seconds(60);  ///< After a change, before the next.
  Duration start_up = std::chrono::seconds(60);  ///< Of an instance, until it takes requests.

  [[nodiscard]] static AutoscalerOptions by_freeness();  ///< With the published bounds.
};

/// Fails with kInvalidArgument, naming what is out of its range or does not fit together.
[[nodiscard]] Status check(const AutoscalerOptions& options);

enum class ScalingStep : std::int8_t { kDown = -1, kNone = 0, kUp = 1 };

/// Asks for one instance more or less, by a signal, a cooldown and two bounds. Starts count as
/// instances from the moment they are asked for, so that a slow start is not asked for twice.
class Autoscaler {
 public:
  /// Requires: check(options) passes.
  explicit Autoscaler(const AutoscalerOptions& options) : options_(options) {}

  /// What to do now, given the signal and how many instances take requests and are starting.
  [[nodiscard]] ScalingStep decide(double signal, std::uint32_t taking, std::uint32_t starting,
                                   TimePoint now);

  [[nodiscard]] const AutoscalerOptions& options() const { return options_; }

 private:
  [[nodiscard]] ScaleAdvice advice(double signal) const;

  AutoscalerOptions options_;
  std::optional<TimePoint> changed_at_;
};

}  // namespace ringmaster::sim
