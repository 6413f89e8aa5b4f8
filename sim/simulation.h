#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "fleet/instance.h"
#include "scheduler/scheduler.h"
#include "scheduler/shadow_policy.h"
#include "sim/autoscaler.h"
#include "sim/fleet_change.h"
#include "sim/fleet_member.h"
#include "sim/instance_model.h"
#include "sim/profiles.h"
#include "sim/request_class.h"
#include "sim/run_history.h"
#include "sim/workload.h"

namespace ringmaster::sim {

/// From one gateway to another, the request read again there included; an estimate.
inline constexpr Duration kForwardDelay = std::chrono::milliseconds(1);

struct SimulationOptions {
  SchedulerOptions scheduler;
  std::uint32_t instances = 8;     ///< In [1, kInstancesMax]. Named "instance-0" and so on.
  InstanceProfile profile;         ///< Of all of them.
  std::vector<FleetMember> fleet;  ///< If not empty, in place of `instances` and `profile`.
  ModelKind model = ModelKind::kSerial;
  /// kEvents: the scheduler hears of every block stored and removed; kMirror: never.
  ResidencySource residency = ResidencySource::kEvents;
  /// Between what an instance says of itself (block events, reports) and its being heard. First
  /// tokens and ends of answers are the gateway's own observations: they have no delay.
  Duration signal_delay{};
  Duration report_interval{};  ///< Between two reports of an instance; 0: none are sent.
  /// Arrivals are split among so many at random (gateway_set.h). Each hears of its own requests,
  /// and of instances (reports, block events) what all hear.
  std::uint32_t gateways = 1;
  /// The gateways are peers: each instance has an owner, to which the others forward.
  bool peers = false;
  FleetChanges changes;                         ///< What happens to the fleet.
  std::optional<AutoscalerOptions> autoscaler;  ///< Else the fleet keeps its size.
  ProbeOptions probes;
  Duration tpot_slo{};                ///< Of requests without a class; 0: none.
  std::vector<RequestClass> classes;  ///< Empty: all requests are alike.
  /// If given, the scheduler's events and actions are appended as scheduler/event_codec.h writes
  /// them, so that replay_recording() can read them. Outlives the simulation. One gateway only.
  std::string* recording = nullptr;
  /// If given, load and choices are noted in it. Outlives the simulation.
  RunHistory* history = nullptr;
};

/// What became of one request.
struct RequestOutcome {
  TimePoint arrival{};
  TimePoint first_token{};  ///< Of the attempt that was answered.
  TimePoint finished{};
  std::uint32_t instance = 0;       ///< The last one it was meant for.
  std::uint32_t cached_tokens = 0;  ///< In the instance's prefix cache when its prefill started.
  std::uint32_t attempts = 0;
  std::uint32_t moves = 0;         ///< From one instance's queue in the gateway to another's.
  std::uint8_t request_class = 0;  ///< Index in SimulationOptions::classes.
  bool is_rejected = false;  ///< By the scheduler or by the instance; there is no first token then.
  bool is_lost = false;      ///< Its instance crashed between the first and the last token.
};

struct SimulationOutcome {
  std::vector<RequestOutcome> requests;  ///< By index in the workload.
  /// How unevenly pending prefill tokens lay at each arrival from `first_counted` on, before it
  /// was routed: coefficient of variation across instances, mean over arrivals.
  double pending_tokens_cv = 0;
  /// If options.scheduler names a shadow: its figures from the arrival of `first_counted` on.
  std::optional<ShadowFigures> shadow;
  /// As many as options.scheduler.explain keeps, the oldest first.
  std::vector<Explanation> explanations;
  /// From the first counted arrival to the end, over all instances: from when one was asked for
  /// (its start-up counts) until it was removed.
  double instance_seconds = 0;
  std::uint32_t instances_most = 0;   ///< That the gateways knew at a time.
  std::uint32_t instances_last = 0;   ///< At the end.
  std::optional<CopyFigures> copies;  ///< Of all instances and requests; absent: one level only.
};

/// Replays the workload through the gateway's own Scheduler on a fleet of simulated instances.
///
/// The scheduler is told what a live gateway would be told at that moment (arrivals, first tokens,
/// ends of answers; block events and reports if asked for), and its actions are carried out at
/// once: the simulation itself decides nothing. Deterministic: same inputs, same outcome.
///
/// Fails with kInvalidArgument where Scheduler::create() does or an option is out of its range;
/// with kInternal if the scheduler leaves a request without an answer, or one booked that is over.
/// Requires: one arrival per request, none before the one above it.
[[nodiscard]] Result<SimulationOutcome> simulate(const Workload& workload,
                                                 std::span<const Duration> arrivals,
                                                 std::size_t first_counted,
                                                 const SimulationOptions& options);

}  // namespace ringmaster::sim
