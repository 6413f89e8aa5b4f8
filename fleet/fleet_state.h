#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "fleet/foreign_load.h"
#include "fleet/home_rings.h"
#include "fleet/instance.h"
#include "fleet/instance_load.h"
#include "fleet/prefill_pace.h"
#include "fleet/request.h"
#include "fleet/residency.h"

namespace ringmaster {

/// One instance with all that is believed about it. What a decision reads is its first cache line.
struct alignas(64) InstanceState {
  InstanceLoad load;
  double prefill_seconds_per_token = 0.0;
  bool is_present = false;
  bool is_eligible = false;  ///< May be given new requests now.
  bool is_draining = false;
  bool is_ours = true;  ///< This gateway owns it (instance_owner.h).
  Health health = Health::kHealthy;
  InstanceSpec spec;
  InstanceReport report;  ///< Its time is TimePoint{} before the first one.
  ForeignLoad foreign;
  TimePoint residency_time{};  ///< When its prefix cache last was heard of; TimePoint{}: never.
  std::uint64_t expected_cached_tokens_total = 0;
  std::uint64_t actual_cached_tokens_total = 0;
};

static_assert(sizeof(InstanceLoad) + sizeof(double) <= 64, "a decision reads one line of each");

/// What the gateway believes about a fleet: membership and rings, bookings, reports, residency.
///
/// A plain state without a clock: the scheduler changes it, policies read it. Not thread-safe.
class FleetState {
 public:
  static constexpr std::uint32_t kSlotsMax = 65'536;

  FleetState(std::uint32_t ring_points, std::uint32_t index_blocks_max);

  /// False, and nothing is changed, if the slot or the name is taken, the slot is not below
  /// kSlotsMax, or the spec is out of its ranges (instance.h; seconds per token in (0, 10]).
  bool add(InstanceId instance, const InstanceSpec& spec, ResidencySource residency,
           Health health = Health::kHealthy);
  void remove(InstanceId instance);
  void set_health(InstanceId instance, Health health);
  void set_draining(InstanceId instance, bool is_draining);

  /// Another gateway owns the instance from now on, or this one does. Nothing if it is not in the
  /// fleet.
  void set_owned(InstanceId instance, bool is_ours);

  /// What the instance, or the gateway that owns it, says of its load; heard now. Of an instance
  /// that is ours the owner's word is ours, and of others the owner knows better than the instance,
  /// since it knows what it holds: these say nothing of others' load. Nothing if it is not in the
  /// fleet.
  void report(InstanceId instance, const InstanceReport& report, TimePoint now);

  /// What is sent to the instance has changed: to be told apart later from what others sent.
  /// Requires: has(instance).
  void note_sent(InstanceId instance, TimePoint now) {
    InstanceState& state = instances_[instance.value];
    state.foreign.note(now, state.load);
  }

  /// A request was sent: so much does one cost.
  void note_request(std::uint32_t uncached_tokens, std::uint64_t kv_blocks) {
    mean_request_.note(uncached_tokens, kv_blocks);
  }

  /// How prefills go in this fleet against what their tokens say.
  [[nodiscard]] PrefillPace& prefill_pace() { return prefill_pace_; }
  [[nodiscard]] const PrefillPace& prefill_pace() const { return prefill_pace_; }

  [[nodiscard]] bool has(InstanceId instance) const {
    return instance.value < instances_.size() && instances_[instance.value].is_present;
  }
  /// Requires: has(instance).
  [[nodiscard]] const InstanceState& operator[](InstanceId instance) const {
    return instances_[instance.value];
  }
  [[nodiscard]] InstanceState& at(InstanceId instance) { return instances_[instance.value]; }
  [[nodiscard]] std::uint32_t slot_count() const {
    return static_cast<std::uint32_t>(instances_.size());
  }

  /// Instances that may be given new requests, by slot: the healthy ones that are not draining, or
  /// the suspect ones if there is none.
  [[nodiscard]] std::span<const InstanceId> eligible() const {
    return healthy_.empty() ? suspects_ : healthy_;
  }

  /// The suspect instances that are not draining, by slot: for a retry that has tried all others.
  [[nodiscard]] std::span<const InstanceId> suspects() const { return suspects_; }

  /// The home pair of a key among the eligible instances.
  [[nodiscard]] Homes homes(std::uint64_t key) const;

  /// The same among `candidates`. Requires: they are sorted by slot.
  [[nodiscard]] Homes homes_among(std::uint64_t key, std::span<const InstanceId> candidates) const;

  [[nodiscard]] const HomeRings& rings() const { return rings_; }

  /// Leading tokens of the prompt that the instance should have in its prefix cache.
  [[nodiscard]] std::uint32_t cached_tokens(const RequestSpec& request, InstanceId instance) const;

  [[nodiscard]] Residency& residency() { return residency_; }
  [[nodiscard]] const Residency& residency() const { return residency_; }
  [[nodiscard]] std::uint64_t membership_digest() const { return rings_.membership_digest(); }

 private:
  /// Puts the instance, of which something has changed, into the lists where it belongs.
  void list(InstanceId instance);

  HomeRings rings_;
  Residency residency_;
  MeanRequest mean_request_;
  PrefillPace prefill_pace_;
  std::vector<InstanceState> instances_;  ///< By slot.
  std::unordered_set<std::string> names_;
  // Those that are not draining, by slot.
  std::vector<InstanceId> healthy_;
  std::vector<InstanceId> suspects_;
};

/// Tokens of the prompt covered by this many cached blocks.
[[nodiscard]] inline std::uint32_t tokens_of_blocks(const RequestSpec& request,
                                                    std::uint32_t blocks) {
  const std::uint64_t tokens = std::uint64_t{blocks} * request.block_tokens;
  return tokens < request.prompt_tokens ? static_cast<std::uint32_t>(tokens)
                                        : request.prompt_tokens;
}

/// Tokens an instance must compute before the first one comes out: at least one, even where the
/// whole prompt is cached.
[[nodiscard]] inline std::uint32_t uncached_tokens(std::uint32_t prompt_tokens,
                                                   std::uint32_t cached_tokens) {
  return prompt_tokens > cached_tokens ? prompt_tokens - cached_tokens : 1;
}

}  // namespace ringmaster
