#include "scheduler/routing_parts.h"

#include <utility>

#include "policies/part_registry.h"
#include "policies/policy_registry.h"
#include "scheduler/scheduler.h"

namespace ringmaster {

Result<RoutingParts> RoutingParts::make(const SchedulerOptions& options) {
  auto policy = make_policy(options.policy, options.seed);
  if (!policy) return tl::unexpected(policy.error());
  RoutingParts parts(std::move(*policy));
  for (const PolicyConfig& config : options.filters) {
    auto filter = make_filter(config, options.seed);
    if (!filter) return tl::unexpected(filter.error());
    parts.filters_.push_back(std::move(*filter));
  }
  if (options.veto) {
    auto veto = make_veto(*options.veto, options.seed);
    if (!veto) return tl::unexpected(veto.error());
    parts.veto_ = std::move(*veto);
  }
  if (options.admission) {
    auto admission = make_admission(*options.admission, options.seed);
    if (!admission) return tl::unexpected(admission.error());
    parts.admission_ = std::move(*admission);
  }
  return parts;
}

RoutingParts::RoutingParts(std::unique_ptr<RoutingPolicy> policy) : policy_(std::move(policy)) {}

template <class Narrow>
void RoutingParts::narrow_unless_nobody_is_left(const Narrow& narrow) {
  before_ = kept_;
  narrow();
  if (kept_.empty()) kept_.swap(before_);
}

std::span<const InstanceId> RoutingParts::narrowed(const RoutingQuery& query,
                                                   const FleetState& fleet) {
  if (filters_.empty() && veto_ == nullptr) return query.candidates;
  kept_.assign(query.candidates.begin(), query.candidates.end());
  for (const auto& filter : filters_) {
    narrow_unless_nobody_is_left([&] { filter->narrow(query, fleet, kept_); });
  }
  if (veto_ != nullptr) {
    narrow_unless_nobody_is_left([&] {
      std::erase_if(kept_, [&](InstanceId candidate) {
        return veto_->forbids(query.request, candidate, fleet, query.now);
      });
    });
  }
  return kept_;
}

std::vector<RequestObserver*> RoutingParts::observers() {
  std::vector<RequestObserver*> observers;
  const auto add = [&](auto* part) {
    if (part == nullptr) return;
    if (auto* const observer = part->observer()) observers.push_back(observer);
  };
  add(policy_.get());
  for (const auto& filter : filters_) add(filter.get());
  add(veto_.get());
  add(admission_.get());
  return observers;
}

}  // namespace ringmaster
