#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "sim/profiles.h"

namespace ringmaster::sim {

enum class FleetChangeKind : std::uint8_t {
  kJoin,   ///< A new instance, named after the next free place.
  kLeave,  ///< It drains: finishes what it has, takes nothing new, is then removed.
  kCrash,  ///< Connections break, its cache is lost; it comes back empty after `length`.
  kStall,  ///< It does nothing for `length` and then goes on.
  kSlow,   ///< Steps that start within `length` take `factor` times as long.
};

/// Something that happens to one instance.
struct FleetChange {
  Duration at{};  ///< Since the arrival of the first counted request; at least 0.
  FleetChangeKind kind = FleetChangeKind::kCrash;
  /// Its place, as in "instance-3"; absent: one of those that are there and up, at random. A change
  /// of an instance that is not there (any more) is none. Not of a join.
  std::optional<std::uint32_t> instance;
  Duration length{};    ///< Of a crash, 0: for ever; of a stall or a slow-down, more than 0.
  double factor = 1.0;  ///< Of a slow-down, more than 0.
  std::optional<InstanceProfile> profile;  ///< Of a join; absent: that of instance 0.
};

/// Crashes, stalls or slow-downs of random instances with exponential gaps.
struct RandomChanges {
  FleetChangeKind kind = FleetChangeKind::kCrash;
  Duration mean_gap{};  ///< In the whole fleet; more than 0.
  Duration length{};
  double factor = 1.0;
};

struct FleetChanges {
  std::vector<FleetChange> given;
  std::vector<RandomChanges> random;

  [[nodiscard]] bool empty() const { return given.empty() && random.empty(); }
};

/// Fails with kInvalidArgument, naming the first change that is out of its ranges.
[[nodiscard]] Status check(const FleetChanges& changes);

/// Fails with kInvalidArgument, naming the first change of an instance that is never there: a fleet
/// of `instances` and those that join is numbered from 0.
[[nodiscard]] Status check_places(const FleetChanges& changes, std::uint32_t instances);

/// Those given and those at random in [0, length], by time; equal times in the order given. Draws
/// from `random`.
[[nodiscard]] std::vector<FleetChange> plan_changes(const FleetChanges& changes, Duration length,
                                                    Random& random);

}  // namespace ringmaster::sim
