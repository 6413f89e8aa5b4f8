#include "router/fleet_figures.h"

#include <utility>

namespace ringmaster {
namespace {

InstanceFigures figures_of(InstanceStatus status, const LiveInstancePtr& instance) {
  InstanceFigures figures{.status = std::move(status)};
  if (instance == nullptr) return figures;
  const auto& live = instance->live;
  figures.attempts = live.attempts.load(std::memory_order_relaxed);
  figures.failures = live.failures.load(std::memory_order_relaxed);
  figures.health_changes = live.health_changes.load(std::memory_order_relaxed);
  figures.kv_streams_lost = live.kv_streams_lost.load(std::memory_order_relaxed);
  return figures;
}

}  // namespace

std::vector<FleetFigures> fleet_figures(const SchedulerStrand& strand) {
  std::vector<FleetFigures> all;
  for (const auto& [model, fleet] : strand.fleets()) {
    FleetFigures figures{.model = model,
                         .load = fleet->scheduler().load(),
                         .membership_digest = fleet->scheduler().membership_digest()};
    if (const auto* shadow = fleet->scheduler().shadow()) figures.shadow = *shadow;
    for (const auto& [reason, count] : fleet->reasons()) {
      figures.reasons.emplace_back(reason, count);
    }
    for (auto& status : fleet->scheduler().instances()) {
      const auto id = status.id;
      figures.instances.push_back(figures_of(std::move(status), fleet->find(id)));
    }
    all.push_back(std::move(figures));
  }
  return all;
}

}  // namespace ringmaster
