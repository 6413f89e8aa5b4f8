#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "fleet/fleet_state.h"
#include "policies/placement_veto.h"
#include "policies/published_form.h"
#include "scheduler/queue_order.h"
#include "scheduler/request_table.h"
#include "scheduler/wait_queue.h"

namespace ringmaster {

/// A waiting request that is better off at another instance.
struct PlannedMove {
  std::uint32_t record = 0;  ///< Index in the request table.
  InstanceId to;
  std::uint32_t cached_tokens = 0;  ///< Expected there.
};

/// What a rebalancer reads. Everything outlives it.
struct RebalancerView {
  const FleetState& fleet;
  const RequestTable& requests;
  const std::vector<WaitQueue>& queues;  ///< By slot.
  const QueueOrder& order;
  PlacementVeto* veto = nullptr;  ///< Null: none.
  Duration ttft_slo;              ///< The fleet's default.
};

/// Plans moves of waiting requests off an instance that is past its threshold: pending work above
/// the TTFT target (or what else the form looks at), or a request that has waited for three seconds
/// (decoding blocks prefill).
///
/// Works with any policy; where a request may move to is the form's affair, but never to where the
/// veto forbids it. Use: begin(), then carry out each move before asking for the next().
class Rebalancer {
 public:
  virtual ~Rebalancer() = default;

  [[nodiscard]] virtual bool needs_relief(InstanceId instance, TimePoint now) const = 0;

  /// Requires: needs_relief(source, now).
  virtual void begin(InstanceId source, TimePoint now) = 0;
  [[nodiscard]] virtual std::optional<PlannedMove> next() = 0;

  /// Whether every instance is looked at after each event, not only those the event concerns.
  [[nodiscard]] virtual bool looks_at_all() const = 0;

  /// Why it moves a request: a static label, the reason of that decision.
  [[nodiscard]] virtual std::string_view reason() const { return "sooner_at_other_home"; }

  /// A request that has waited this long calls for relief (DualMap's official code: 3 s).
  static constexpr Duration kWaitThreshold = std::chrono::seconds(3);
};

/// Null for kOff.
[[nodiscard]] std::unique_ptr<Rebalancer> make_rebalancer(Rebalancing form,
                                                          const RebalancerView& view);

}  // namespace ringmaster
