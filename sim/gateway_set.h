#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "fleet/instance_owner.h"
#include "scheduler/scheduler.h"
#include "scheduler/shadow_policy.h"

namespace ringmaster::sim {

/// The gateways before one fleet: a scheduler each, and the requests split among them at random.
///
/// Each knows its own requests, and of the others' what the instances report; where they are peers,
/// what the owners of the instances report, to whom it then forwards (fleet/instance_owner.h).
/// Deterministic: the split depends on the seed alone.
class GatewaySet {
 public:
  static constexpr std::uint32_t kGatewaysMax = 256;

  /// Fails with kInvalidArgument where Scheduler::create() does, or if `gateways` is not in
  /// [1, kGatewaysMax]. The first gateway has the seed of the options, so that one gateway decides
  /// as it would alone.
  [[nodiscard]] static Result<GatewaySet> create(const SchedulerOptions& options,
                                                 std::uint32_t gateways, std::size_t requests);

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(gateways_.size()); }
  /// The gateway that this request comes to.
  [[nodiscard]] std::uint32_t gateway_of(std::uint32_t request) const {
    return gateway_of_.empty() ? 0 : gateway_of_[request];
  }

  /// The gateway that owns the instance of this name, where gateways are peers.
  [[nodiscard]] std::uint32_t owner(std::string_view instance) const {
    return static_cast<std::uint32_t>(owner_of(instance, names_));
  }

  /// Appends what the gateway asks for to `actions`.
  void apply(std::uint32_t gateway, Event event, TimePoint now, ActionList& actions) {
    gateways_[gateway].scheduler->apply(std::move(event), now, actions);
  }

  /// It wants to be woken at that time, and no more at the one before.
  void set_wake(std::uint32_t gateway, TimePoint at) { gateways_[gateway].wake = at; }
  /// Whether it still wants to be woken at that time; then no more.
  [[nodiscard]] bool take_wake(std::uint32_t gateway, TimePoint at);

  /// The shadows' figures, added up; nothing where there is no shadow.
  [[nodiscard]] std::optional<ShadowFigures> shadow() const;
  /// Of all gateways, one after the other; each one's the oldest first.
  [[nodiscard]] std::vector<Explanation> explanations() const;
  /// Held, in prefill or decoding, over all gateways and instances.
  [[nodiscard]] std::uint64_t requests_booked() const;
  /// Whether a gateway has any on the instance.
  [[nodiscard]] bool has_requests_on(InstanceId instance) const;

  [[nodiscard]] const Scheduler& operator[](std::uint32_t gateway) const {
    return *gateways_[gateway].scheduler;
  }

 private:
  struct Gateway {
    std::unique_ptr<Scheduler> scheduler;
    std::optional<TimePoint> wake;
  };

  std::vector<Gateway> gateways_;
  std::vector<std::string> names_;        ///< "gateway-0" and so on.
  std::vector<std::uint8_t> gateway_of_;  ///< By request; empty if there is one gateway.
};

}  // namespace ringmaster::sim
