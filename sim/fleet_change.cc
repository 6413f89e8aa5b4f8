#include "sim/fleet_change.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace ringmaster::sim {
namespace {

/// More would be a mistake of units, and would fill the memory.
constexpr std::size_t kRandomChangesMax = 100'000;
constexpr double kFactorMin = 0.01;
constexpr double kFactorMax = 1000.0;

Status check_effect(const std::string& where, FleetChangeKind kind, Duration length,
                    double factor) {
  const bool lasts = kind == FleetChangeKind::kStall || kind == FleetChangeKind::kSlow;
  if (length < Duration::zero() || (lasts && length == Duration::zero())) {
    return invalid(where + ": expected a length above 0");
  }
  if (kind == FleetChangeKind::kSlow && !(factor >= kFactorMin && factor <= kFactorMax)) {
    return invalid(where + ": expected a factor from 0.01 to 1000");
  }
  return {};
}

}  // namespace

Status check(const FleetChanges& changes) {
  for (std::size_t i = 0; i < changes.given.size(); ++i) {
    const FleetChange& change = changes.given[i];
    const std::string where = "change " + std::to_string(i + 1) + " of the fleet";
    if (change.at < Duration::zero()) return invalid(where + ": expected no negative time");
    if (auto status = check_effect(where, change.kind, change.length, change.factor); !status) {
      return status;
    }
  }
  for (std::size_t i = 0; i < changes.random.size(); ++i) {
    const RandomChanges& kind = changes.random[i];
    const std::string where = "random change " + std::to_string(i + 1) + " of the fleet";
    if (kind.mean_gap <= Duration::zero()) return invalid(where + ": expected a gap above 0");
    if (kind.kind == FleetChangeKind::kJoin || kind.kind == FleetChangeKind::kLeave) {
      return invalid(where + ": expected a crash, stall or slow-down");
    }
    if (auto status = check_effect(where, kind.kind, kind.length, kind.factor); !status) {
      return status;
    }
  }
  return {};
}

Status check_places(const FleetChanges& changes, std::uint32_t instances) {
  const auto joins = std::ranges::count(changes.given, FleetChangeKind::kJoin, &FleetChange::kind);
  const std::size_t places = instances + static_cast<std::size_t>(joins);
  for (const FleetChange& change : changes.given) {
    const std::uint32_t place = change.instance.value_or(0);
    if (place < places) continue;
    return invalid("expected an instance from 0 to " + std::to_string(places - 1) + ", found " +
                   std::to_string(place));
  }
  return {};
}

std::vector<FleetChange> plan_changes(const FleetChanges& changes, Duration length,
                                      Random& random) {
  std::vector<FleetChange> plan = changes.given;
  for (const RandomChanges& kind : changes.random) {
    double seconds = 0.0;
    for (std::size_t drawn = 0; drawn < kRandomChangesMax; ++drawn) {
      seconds += -std::log1p(-random.unit()) * to_seconds(kind.mean_gap);
      if (seconds > to_seconds(length)) break;
      plan.push_back({.at = from_seconds(seconds),
                      .kind = kind.kind,
                      .length = kind.length,
                      .factor = kind.factor});
    }
  }
  std::ranges::stable_sort(plan, {}, &FleetChange::at);
  return plan;
}

}  // namespace ringmaster::sim
