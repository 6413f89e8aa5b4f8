#include "sim/autoscaler.h"

#include <string>

#include "sim/fleet_member.h"

namespace ringmaster::sim {

AutoscalerOptions AutoscalerOptions::by_freeness() {
  AutoscalerOptions options;
  options.signal = ScalingSignal::kFreeness;
  options.scale_up_at = ScaleThresholds{}.add_below;
  options.scale_down_at = ScaleThresholds{}.remove_above;
  return options;
}

Status check(const AutoscalerOptions& options) {
  if (options.instances_min < 1 || options.instances_max > kInstancesMax ||
      options.instances_min > options.instances_max) {
    return invalid("autoscaling: expected 1 <= min <= max <= " + std::to_string(kInstancesMax) +
                   ", found min " + std::to_string(options.instances_min) + " and max " +
                   std::to_string(options.instances_max));
  }
  const bool grows = options.signal == ScalingSignal::kPending;
  if (grows ? options.scale_up_at <= options.scale_down_at
            : options.scale_up_at >= options.scale_down_at) {
    return invalid(grows ? "autoscaling: expected down below up, as pending work grows with load"
                         : "autoscaling: expected down above up, as freeness falls with load");
  }
  if (options.interval <= Duration::zero()) {
    return invalid("autoscaling: expected an interval above 0");
  }
  if (options.cooldown < Duration::zero() || options.start_up < Duration::zero()) {
    return invalid("autoscaling: expected no negative duration");
  }
  return {};
}

ScaleAdvice Autoscaler::advice(double signal) const {
  if (options_.signal == ScalingSignal::kFreeness) {
    return scale_advice(signal, {options_.scale_up_at, options_.scale_down_at});
  }
  if (signal > options_.scale_up_at) return ScaleAdvice::kAdd;
  return signal < options_.scale_down_at ? ScaleAdvice::kRemove : ScaleAdvice::kKeep;
}

ScalingStep Autoscaler::decide(double signal, std::uint32_t taking, std::uint32_t starting,
                               TimePoint now) {
  const std::uint32_t count = taking + starting;
  const bool is_cooling = changed_at_ && now - *changed_at_ < options_.cooldown;
  ScalingStep step = ScalingStep::kNone;
  if (count < options_.instances_min) {
    step = ScalingStep::kUp;  // Something was lost: no reason to wait.
  } else if (!is_cooling && taking > 0) {
    const ScaleAdvice wanted = advice(signal);
    if (wanted == ScaleAdvice::kAdd && count < options_.instances_max) step = ScalingStep::kUp;
    const bool may_shrink = starting == 0 && count > options_.instances_min;
    if (wanted == ScaleAdvice::kRemove && may_shrink) step = ScalingStep::kDown;
  }
  if (step != ScalingStep::kNone) changed_at_ = now;
  return step;
}

}  // namespace ringmaster::sim
