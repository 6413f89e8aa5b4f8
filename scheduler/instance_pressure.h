#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "scheduler/rebalancer.h"

namespace ringmaster {

/// What both forms of rebalancing compute from the state of instances and queues.
class InstancePressure {
 public:
  explicit InstancePressure(const RebalancerView& view) : view_(view) {}

  [[nodiscard]] const RebalancerView& view() const { return view_; }
  [[nodiscard]] const WaitQueue& queue(InstanceId instance) const {
    return view_.queues[instance.value];
  }
  [[nodiscard]] double slo_seconds() const { return to_seconds(view_.ttft_slo); }

  /// Seconds of prefill work: everything booked on the instance and `tokens` more.
  [[nodiscard]] double pending_seconds(InstanceId instance, std::uint64_t tokens) const;

  /// Whether a request there has waited past the threshold.
  [[nodiscard]] bool has_waited_long(InstanceId instance, TimePoint now) const;

  /// Whether pending work, with `tokens` more, exceeds the target, or a request has waited long.
  [[nodiscard]] bool is_overloaded(InstanceId instance, std::uint64_t tokens, TimePoint now) const;

  /// The home of the request where it is not held; none if that one may not take it.
  [[nodiscard]] std::optional<InstanceId> other_home(const RequestRecord& record,
                                                     TimePoint now) const;

  /// Whether the instance takes requests and the veto lets it have this one.
  [[nodiscard]] bool may_take(InstanceId instance, const RequestRecord& record,
                              TimePoint now) const;

 private:
  RebalancerView view_;
};

}  // namespace ringmaster
