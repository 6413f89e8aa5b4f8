#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "sim/autoscaler.h"
#include "sim/event_loop.h"
#include "sim/gateway_set.h"
#include "sim/pending_work.h"
#include "sim/request_state.h"
#include "sim/simulated_instance.h"
#include "sim/simulation.h"

namespace ringmaster::sim {

/// One run of simulate(): the event loop between the schedulers and the instance models.
///
/// simulation.cc has what happens to requests, simulation_fleet.cc what happens to instances.
class SimulationRun {
 public:
  /// Requires: the options are in their ranges. All that is passed in outlives the run.
  SimulationRun(const Workload& workload, std::span<const Duration> arrivals,
                std::size_t first_counted, const SimulationOptions& options, GatewaySet& gateways);

  [[nodiscard]] Result<SimulationOutcome> run();

 private:
  // Of requests (simulation.cc).
  void handle(const Occurrence& occurrence);
  void on_arrival(std::uint32_t index);
  void on_step_end(std::uint32_t instance);
  void on_forward(std::uint32_t index);
  void on_return(std::uint32_t index);
  void on_refusal(std::uint32_t index);
  void on_signal();
  void on_wake(std::uint32_t gateway, TimePoint time);

  /// Tells a gateway's scheduler and carries out what it asks for.
  void tell(std::uint32_t gateway, Event event);
  void tell_all(Event event);
  void carry_out(std::uint32_t gateway, const Dispatch& action);
  void carry_out(std::uint32_t gateway, const Hold& action);
  void carry_out(std::uint32_t gateway, const Move& action);
  void carry_out(std::uint32_t gateway, const Reject& action);
  void carry_out(std::uint32_t gateway, const Prefetch& action);
  // No attempt is given up: clients wait, and instances are removed when they have nothing left.
  void carry_out(std::uint32_t /*gateway*/, const Cancel& /*action*/) { RINGMASTER_CHECK(false); }
  void carry_out(std::uint32_t gateway, const Wake& action) { schedule_wake(gateway, action.at); }
  [[nodiscard]] RequestSpec spec_of(std::uint32_t index) const;
  /// The gateway that has sent it to its instance.
  [[nodiscard]] std::uint32_t sender_of(std::uint32_t index) const;
  /// Tells whoever follows the request: its own gateway and the one that it was forwarded to.
  /// make_event(attempt) is what each is told.
  template <class MakeEvent>
  void tell_of(std::uint32_t index, const MakeEvent& make_event);

  /// Tells all gateways after the signal delay.
  void signal(Event event);
  void signal_blocks(std::uint32_t instance);
  void assign(std::uint32_t index, std::uint32_t instance);
  void release(std::uint32_t index);
  /// Its last choice, if it is the last one that was made.
  void note_choice(std::uint32_t index);
  void take_back(std::uint32_t index);
  /// `lost_instance`: see RequestFailed.
  void fail_attempt(std::uint32_t index, bool may_retry, bool lost_instance);
  void settle(std::uint32_t index);
  void settle_rejected(std::uint32_t index);
  void schedule_wake(std::uint32_t gateway, TimePoint at);

  // Of instances (simulation_fleet.cc).
  void add_instances();
  void ask_for_instance(const InstanceProfile& profile, Duration start_up);
  void join(std::uint32_t place);
  void leave(std::uint32_t place);
  void remove_drained();
  void on_change(const FleetChange& change);
  void crash(std::uint32_t place, Duration downtime);
  void restart(std::uint32_t place);
  void stall(std::uint32_t place, Duration length);
  void on_probe(std::uint32_t place);
  void schedule_probe(std::uint32_t place);
  void note_health(std::uint32_t place, std::optional<Health> change);
  void on_report(std::uint32_t place);
  void on_scaling();
  [[nodiscard]] double scaling_signal(std::span<const std::uint32_t> places) const;
  void start_idle_instances();
  void note_copies(const SimulatedInstance& instance);
  void schedule_step_end(std::uint32_t place, TimePoint at);
  void pay(const SimulatedInstance& instance);
  [[nodiscard]] std::optional<std::uint32_t> place_of(const FleetChange& change);
  [[nodiscard]] std::uint32_t present_count() const;
  /// Whether anything can still happen that is not a periodic look at the fleet.
  [[nodiscard]] bool may_change() const;

  static RequestId id_of(std::uint32_t index) { return {std::uint64_t{index} + 1}; }
  static std::uint32_t index_of(RequestId id) { return static_cast<std::uint32_t>(id.value - 1); }

  const Workload& workload_;
  const std::span<const Duration> arrivals_;
  const std::size_t first_counted_;
  const SimulationOptions& options_;
  GatewaySet& gateways_;

  EventLoop loop_;
  Random random_;                     // Of what happens to the fleet.
  std::vector<FleetChange> changes_;  // By time.
  std::size_t changes_done_ = 0;
  std::vector<SimulatedInstance> instances_;  // By place.
  std::optional<Autoscaler> autoscaler_;
  const std::vector<std::uint8_t> classes_;  // By request; empty: no classes.
  PendingWork pending_work_;
  std::vector<RequestState> states_;
  std::vector<std::uint32_t> given_work_;  // Instances that may have to start a step.
  std::vector<std::uint32_t> draining_;
  std::deque<Event> signals_;  // On their way to the gateways, the oldest first.
  std::size_t arrived_ = 0;
  std::size_t running_steps_ = 0;
  std::size_t restarts_due_ = 0;
  std::size_t starts_due_ = 0;
  std::size_t settled_ = 0;
  double cv_sum_ = 0.0;
  std::optional<ShadowFigures> shadow_before_;  // Before the first counted arrival.
  SimulationOutcome outcome_;
  StepResult step_;
  ActionList actions_;
};

}  // namespace ringmaster::sim
