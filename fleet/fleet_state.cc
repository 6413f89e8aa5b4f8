#include "fleet/fleet_state.h"

#include <algorithm>

namespace ringmaster {
namespace {

constexpr double kCapacityMin = 0.01;
constexpr double kCapacityMax = 100.0;
constexpr double kPrefillSecondsPerTokenMax = 10.0;

/// Puts `instance` into the sorted list, or takes it out.
void keep_in(std::vector<InstanceId>& list, InstanceId instance, bool is_wanted) {
  const auto place = std::ranges::lower_bound(list, instance);
  const bool is_there = place != list.end() && *place == instance;
  if (is_wanted && !is_there) list.insert(place, instance);
  if (!is_wanted && is_there) list.erase(place);
}

}  // namespace

FleetState::FleetState(std::uint32_t ring_points, std::uint32_t index_blocks_max)
    : rings_(ring_points), residency_(index_blocks_max) {}

bool FleetState::add(InstanceId instance, const InstanceSpec& spec, ResidencySource residency,
                     Health health) {
  const bool is_sound = instance.value < kSlotsMax && spec.capacity >= kCapacityMin &&
                        spec.capacity <= kCapacityMax && spec.prefill_seconds_per_token > 0.0 &&
                        spec.prefill_seconds_per_token <= kPrefillSecondsPerTokenMax;
  if (!is_sound || has(instance) || !names_.insert(spec.name).second) return false;
  if (instances_.size() <= instance.value) instances_.resize(instance.value + 1);
  InstanceState& state = instances_[instance.value];
  state = {.prefill_seconds_per_token = spec.prefill_seconds_per_token,
           .is_present = true,
           .spec = spec};
  state.health = health;
  rings_.add(instance, spec.name, spec.capacity);
  residency_.add(instance, residency, spec.kv_cache_tokens);
  list(instance);
  return true;
}

void FleetState::remove(InstanceId instance) {
  if (!has(instance)) return;
  InstanceState& state = instances_[instance.value];
  rings_.remove(instance, state.spec.name, state.spec.capacity);
  residency_.remove(instance);
  names_.erase(state.spec.name);
  state = {};
  list(instance);
}

void FleetState::set_health(InstanceId instance, Health health) {
  if (!has(instance)) return;
  instances_[instance.value].health = health;
  list(instance);
}

void FleetState::set_draining(InstanceId instance, bool is_draining) {
  if (!has(instance)) return;
  instances_[instance.value].is_draining = is_draining;
  list(instance);
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

void FleetState::list(InstanceId instance) {
  InstanceState& state = instances_[instance.value];
  const bool may_take = state.is_present && !state.is_draining;
  const bool had_healthy = !healthy_.empty();
  keep_in(healthy_, instance, may_take && state.health == Health::kHealthy);
  keep_in(suspects_, instance, may_take && state.health == Health::kSuspect);
  if (had_healthy != !healthy_.empty()) {
    for (const InstanceId suspect : suspects_) {
      instances_[suspect.value].is_eligible = healthy_.empty();
    }
  }
  state.is_eligible = std::ranges::binary_search(eligible(), instance);
}

Homes FleetState::homes(std::uint64_t key) const {
  // Reading is_eligible also brings the homes' loads near, which whoever asks reads next.
  return rings_.find(key, eligible().size(), [this](InstanceId instance) {
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
