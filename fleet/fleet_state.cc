#include "fleet/fleet_state.h"

#include <algorithm>

namespace ringmaster {
namespace {

constexpr double kCapacityMin = 0.01;
constexpr double kCapacityMax = 100.0;
constexpr double kPrefillSecondsPerTokenMax = 10.0;

}  // namespace

FleetState::FleetState(std::uint32_t ring_points, std::uint32_t index_blocks_max)
    : rings_(ring_points), residency_(index_blocks_max) {}

bool FleetState::add(InstanceId instance, const InstanceSpec& spec, ResidencySource residency) {
  const auto has_name = [&](const InstanceState& other) {
    return other.is_present && other.spec.name == spec.name;
  };
  const bool is_sound = instance.value < kSlotsMax && spec.capacity >= kCapacityMin &&
                        spec.capacity <= kCapacityMax && spec.prefill_seconds_per_token > 0.0 &&
                        spec.prefill_seconds_per_token <= kPrefillSecondsPerTokenMax;
  if (!is_sound || has(instance) || std::ranges::any_of(instances_, has_name)) return false;
  if (instances_.size() <= instance.value) instances_.resize(instance.value + 1);
  InstanceState& state = instances_[instance.value];
  state = {.prefill_seconds_per_token = spec.prefill_seconds_per_token,
           .is_present = true,
           .spec = spec};
  rings_.add(instance, spec.name, spec.capacity);
  residency_.add(instance, residency, spec.kv_cache_tokens);
  refresh_eligible();
  return true;
}

void FleetState::remove(InstanceId instance) {
  if (!has(instance)) return;
  InstanceState& state = instances_[instance.value];
  rings_.remove(instance, state.spec.name, state.spec.capacity);
  residency_.remove(instance);
  state = {};
  refresh_eligible();
}

void FleetState::set_health(InstanceId instance, Health health) {
  if (!has(instance)) return;
  instances_[instance.value].health = health;
  refresh_eligible();
}

void FleetState::set_draining(InstanceId instance, bool is_draining) {
  if (!has(instance)) return;
  instances_[instance.value].is_draining = is_draining;
  refresh_eligible();
}

void FleetState::set_owned(InstanceId instance, bool is_ours) {
  if (!has(instance) || instances_[instance.value].is_ours == is_ours) return;
  instances_[instance.value].is_ours = is_ours;
  instances_[instance.value].load.put_aside_tokens = 0;  // The last owner's word.
}

void FleetState::report(InstanceId instance, const InstanceReport& report, TimePoint now) {
  if (!has(instance)) return;
  InstanceState& state = instances_[instance.value];
  if (!report.is_of_owner) state.report = report;
  if (report.is_of_owner == state.is_ours) return;
  state.foreign.apply(report, now, mean_request_, state.load);
}

void FleetState::refresh_eligible() {
  const auto takes = [&](const InstanceState& state, Health health) {
    return state.is_present && !state.is_draining && state.health == health;
  };
  const bool some_healthy = std::ranges::any_of(
      instances_, [&](const InstanceState& state) { return takes(state, Health::kHealthy); });
  const Health wanted = some_healthy ? Health::kHealthy : Health::kSuspect;
  eligible_.clear();
  suspects_.clear();
  for (std::uint32_t slot = 0; slot < instances_.size(); ++slot) {
    instances_[slot].is_eligible = takes(instances_[slot], wanted);
    if (instances_[slot].is_eligible) eligible_.push_back({slot});
    if (takes(instances_[slot], Health::kSuspect)) suspects_.push_back({slot});
  }
}

Homes FleetState::homes(std::uint64_t key) const {
  // Reading is_eligible also brings the homes' loads near, which whoever asks reads next.
  return rings_.find(key, eligible_.size(), [this](InstanceId instance) {
    return instances_[instance.value].is_eligible;
  });
}

Homes FleetState::homes_among(std::uint64_t key, std::span<const InstanceId> candidates) const {
  return rings_.find(key, candidates.size(), [candidates](InstanceId instance) {
    return std::ranges::binary_search(candidates, instance);
  });
}

std::uint32_t FleetState::cached_tokens(const RequestSpec& request, InstanceId instance) const {
  std::uint32_t blocks = 0;
  residency_.index().cached_blocks(request.chain, std::span(&instance, 1), std::span(&blocks, 1));
  return tokens_of_blocks(request, blocks);
}

}  // namespace ringmaster
