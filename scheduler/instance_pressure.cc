#include "scheduler/instance_pressure.h"

namespace ringmaster {

double InstancePressure::pending_seconds(InstanceId instance, std::uint64_t tokens) const {
  const InstanceState& state = view_.fleet[instance];
  return static_cast<double>(state.load.pending_tokens() + tokens) *
         state.prefill_seconds_per_token;
}

bool InstancePressure::has_waited_long(InstanceId instance, TimePoint now) const {
  const WaitQueue& waiting = queue(instance);
  return !waiting.empty() && now - waiting.oldest_arrival() >= Rebalancer::kWaitThreshold;
}

bool InstancePressure::is_overloaded(InstanceId instance, std::uint64_t tokens,
                                     TimePoint now) const {
  return pending_seconds(instance, tokens) > slo_seconds() || has_waited_long(instance, now);
}

std::optional<InstanceId> InstancePressure::other_home(const RequestRecord& record,
                                                       TimePoint now) const {
  for (const InstanceId home : record.homes.span()) {
    if (home == record.instance) continue;
    // The homes were taken on arrival; the fleet may have changed since.
    if (may_take(home, record, now)) return home;
  }
  return std::nullopt;
}

bool InstancePressure::may_take(InstanceId instance, const RequestRecord& record,
                                TimePoint now) const {
  if (!view_.fleet.has(instance) || !view_.fleet[instance].is_eligible) return false;
  return view_.veto == nullptr || !view_.veto->forbids(record.spec, instance, view_.fleet, now);
}

}  // namespace ringmaster
