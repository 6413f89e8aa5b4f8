#include "sim/gateway_set.h"

#include <algorithm>
#include <utility>

#include "base/random.h"

namespace ringmaster::sim {
namespace {

/// Keeps the split apart from every other use of the seed.
constexpr std::uint64_t kSplitSalt = 0x6761'7465'7761'7973ULL;

std::uint64_t own_requests(const InstanceStatus& status) {
  return std::uint64_t{status.held_requests} + status.prefilling_requests +
         status.decoding_requests;
}

}  // namespace

Result<GatewaySet> GatewaySet::create(const SchedulerOptions& options, std::uint32_t gateways,
                                      std::size_t requests) {
  if (gateways < 1 || gateways > kGatewaysMax) {
    return invalid("gateways: expected 1 to " + std::to_string(kGatewaysMax) + ", found " +
                   std::to_string(gateways));
  }
  GatewaySet set;
  for (std::uint32_t i = 0; i < gateways; ++i) {
    SchedulerOptions own = options;
    if (i > 0) own.seed = mix64(options.seed + i);
    auto scheduler = Scheduler::create(own);
    if (!scheduler) return tl::unexpected(std::move(scheduler).error());
    set.gateways_.push_back({.scheduler = std::move(*scheduler)});
    set.names_.push_back("gateway-" + std::to_string(i));
  }
  if (gateways > 1) {
    Random random(options.seed ^ kSplitSalt);
    set.gateway_of_.resize(requests);
    for (auto& gateway : set.gateway_of_) {
      gateway = static_cast<std::uint8_t>(random.below(gateways));
    }
  }
  return set;
}

std::optional<ShadowFigures> GatewaySet::shadow() const {
  std::optional<ShadowFigures> sum;
  for (const Gateway& gateway : gateways_) {
    const ShadowFigures* const own = gateway.scheduler->shadow();
    if (own == nullptr) continue;
    if (sum) {
      sum->add(*own);
    } else {
      sum = *own;
    }
  }
  return sum;
}

std::vector<Explanation> GatewaySet::explanations() const {
  std::vector<Explanation> all;
  for (const Gateway& gateway : gateways_) {
    for (const Explanation* explanation : gateway.scheduler->explanations()) {
      all.push_back(*explanation);
    }
  }
  return all;
}

std::uint64_t GatewaySet::requests_booked() const {
  std::uint64_t requests = 0;
  for (const Gateway& gateway : gateways_) {
    for (const InstanceStatus& status : gateway.scheduler->instances()) {
      requests += own_requests(status);
    }
  }
  return requests;
}

bool GatewaySet::has_requests_on(InstanceId instance) const {
  return std::ranges::any_of(gateways_, [&](const Gateway& gateway) {
    const auto statuses = gateway.scheduler->instances();
    const auto there = std::ranges::find(statuses, instance, &InstanceStatus::id);
    return there != statuses.end() && own_requests(*there) > 0;
  });
}

bool GatewaySet::take_wake(std::uint32_t gateway, TimePoint at) {
  if (gateways_[gateway].wake != at) return false;
  gateways_[gateway].wake.reset();
  return true;
}

}  // namespace ringmaster::sim
