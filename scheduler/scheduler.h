#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "policies/policy_config.h"
#include "policies/published_form.h"
#include "scheduler/action.h"
#include "scheduler/decision_log.h"
#include "scheduler/event.h"
#include "scheduler/explanation.h"

namespace ringmaster {

struct ShadowFigures;

/// Options of one scheduler. What is absent is taken from the policy's published form (for
/// `ringmaster` a window of one prefill and the queue on_time; for most others no holding, no
/// moves).
struct SchedulerOptions {
  PolicyConfig policy;
  std::vector<PolicyConfig> filters;      ///< Narrow the candidates, in this order.
  std::optional<PolicyConfig> veto;       ///< Keeps requests off instances in danger.
  std::optional<PolicyConfig> admission;  ///< May refuse a request at its arrival.
  Duration ttft_slo = std::chrono::seconds(5);
  std::optional<QueueDiscipline> queue;
  std::optional<Rebalancing> rebalancing;
  /// Prefills in flight per instance before further requests are held; 0: never hold.
  std::optional<std::uint32_t> dispatch_window_requests;
  std::uint32_t ring_points = 160;          ///< Per instance and ring, at capacity 1.
  std::uint32_t queue_requests_max = 4096;  ///< Held requests in all; beyond it: kOverloaded.
  Duration queue_wait_max = std::chrono::seconds(60);  ///< Then the request is rejected.
  std::uint32_t attempts_max = 3;                      ///< Per request, the first included.
  /// Retries in flight at most: this share of the requests in flight, but at least 3.
  double retry_budget_share = 0.1;
  std::uint32_t index_blocks_max = 4'000'000;  ///< Bound of the prefix index.
  std::uint32_t decision_log_size = 1024;
  std::uint64_t seed = 42;  ///< Of every random choice.
  /// Decides beside the policy and acts on nothing. Neither this nor `explain` changes an action,
  /// so recordings do not hold them.
  std::optional<PolicyConfig> shadow;
  ExplainOptions explain;
};

/// Counts of what waits and runs, for readiness, drain and metrics.
struct SchedulerLoad {
  std::uint64_t held_requests = 0;
  std::uint64_t dispatched_requests = 0;  ///< Not yet finished.
  std::uint64_t moves = 0;                ///< In all.
  std::uint64_t retries = 0;              ///< In all.
  std::uint64_t index_blocks = 0;
  /// Decode steps left until memory is full, mean over the instances that take requests
  /// (policies/freeness.h): what policies/scale_signal.h asks for. 0 if there are none.
  double mean_freeness = 0.0;
  /// Answers that had fewer cached tokens than the mirror said, in all.
  std::uint64_t mirror_corrections = 0;
  std::uint64_t prefetches = 0;  ///< Ordered, in all.
};

/// Routes and schedules the requests of one model's fleet.
///
/// A state machine: events in, actions out. It reads no clock and does no I/O, so the gateway and
/// the simulator drive the same object, and a recording of its events replays to the same actions.
/// Not thread-safe: the gateway calls it from one strand.
class Scheduler {
 public:
  /// Fails with kInvalidArgument: unknown policy, filter, veto or admission (the known ones are
  /// listed) or option of one, or an option out of its range.
  [[nodiscard]] static Result<std::unique_ptr<Scheduler>> create(const SchedulerOptions& options);

  virtual ~Scheduler() = default;

  /// Appends what is to be done to `actions`. Requires: `now` never goes backwards.
  virtual void apply(Event event, TimePoint now, ActionList& actions) = 0;

  /// The last decisions with their inputs, newest last.
  [[nodiscard]] virtual const DecisionLog& decisions() const = 0;

  /// Everything about a decision and what came of it; also by the id of a move, which shows the
  /// decision it changed. Null if it was not explained (ExplainOptions) or is too old. Valid until
  /// the next apply(). O(explanations kept).
  [[nodiscard]] virtual const Explanation* explanation(std::uint64_t decision) const = 0;

  /// Those that are kept, the oldest first. Pointers valid until the next apply().
  [[nodiscard]] virtual std::vector<const Explanation*> explanations() const = 0;

  /// Null where no shadow is configured. Valid while the scheduler lives.
  [[nodiscard]] virtual const ShadowFigures* shadow() const = 0;

  [[nodiscard]] virtual SchedulerLoad load() const = 0;

  /// One line of state per instance, by slot; absent slots are skipped.
  [[nodiscard]] virtual std::vector<InstanceStatus> instances() const = 0;

  /// What this gateway has sent to the instance and holds for it, and what it knows there of
  /// others, as the gateways that do not own it are told (InstanceReport::is_of_owner). Its time is
  /// left to the caller. Nothing if the instance is not in the fleet.
  [[nodiscard]] virtual std::optional<InstanceReport> report_of(InstanceId instance) const = 0;

  /// Hash of the ring membership (names, capacities, points): gateways that agree on it agree on
  /// every pair of homes.
  [[nodiscard]] virtual std::uint64_t membership_digest() const = 0;

  /// The options in force, published defaults filled in.
  [[nodiscard]] virtual const SchedulerOptions& options() const = 0;
};

}  // namespace ringmaster
