#include "sim/simulation.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/check.h"
#include "scheduler/event_codec.h"
#include "sim/event_loop.h"
#include "sim/gateway_set.h"
#include "sim/pending_work.h"

namespace ringmaster::sim {
namespace {

constexpr std::uint32_t kInstancesMax = 4096;

/// One run: the event loop between the scheduler and the instance models.
class Simulation {
 public:
  Simulation(const Workload& workload, std::span<const Duration> arrivals,
             std::size_t first_counted, const SimulationOptions& options, GatewaySet& gateways)
      : workload_(workload),
        arrivals_(arrivals),
        first_counted_(first_counted),
        options_(options),
        gateways_(gateways),
        pending_work_(options.instances),
        states_(arrivals.size()) {
    outcome_.requests.resize(arrivals.size());
  }

  Result<SimulationOutcome> run();

 private:
  struct RequestState {
    std::uint32_t pending_tokens = 0;  ///< Booked in pending_work_ for its instance; 0: nothing.
    bool is_settled = false;
  };

  void add_instances();
  void on_arrival(std::uint32_t index);
  void on_step_end(std::uint32_t instance);
  void on_refusal(std::uint32_t index);
  void on_report(std::uint32_t instance);
  void on_signal();
  void on_wake(std::uint32_t gateway, TimePoint time);

  /// Tells a gateway's scheduler and carries out what it asks for.
  void tell(std::uint32_t gateway, Event event);
  void tell_all(const Event& event);
  void carry_out(const Dispatch& action);
  void carry_out(const Hold& action) { assign(index_of(action.request), action.instance.value); }
  void carry_out(const Move& action);
  void carry_out(const Reject& action) { settle_rejected(index_of(action.request)); }
  // No attempt is ever given up: clients wait and instances do not fail in these settings.
  void carry_out(const Cancel& /*action*/) { RINGMASTER_CHECK(false); }
  void carry_out(const Wake& /*action*/) { RINGMASTER_CHECK(false); }  // See tell().

  /// Tells all gateways after the signal delay.
  void signal(Event event);
  void signal_blocks(std::uint32_t instance);
  void assign(std::uint32_t index, std::uint32_t instance);
  void release(std::uint32_t index);
  /// Its last choice, if it is the last one that was made.
  void note_choice(std::uint32_t index);
  void settle(std::uint32_t index);
  void settle_rejected(std::uint32_t index);
  void schedule_wake(std::uint32_t gateway, TimePoint at);
  void start_idle_instances();

  static RequestId id_of(std::uint32_t index) { return {std::uint64_t{index} + 1}; }
  static std::uint32_t index_of(RequestId id) { return static_cast<std::uint32_t>(id.value - 1); }

  const Workload& workload_;
  const std::span<const Duration> arrivals_;
  const std::size_t first_counted_;
  const SimulationOptions& options_;
  GatewaySet& gateways_;

  EventLoop loop_;
  std::vector<std::unique_ptr<InstanceModel>> instances_;
  PendingWork pending_work_;
  std::vector<RequestState> states_;
  std::vector<std::uint32_t> given_work_;  // Instances that may have to start a step.
  std::deque<Event> signals_;              // On their way to the gateways, the oldest first.
  std::size_t arrived_ = 0;
  std::size_t running_steps_ = 0;
  std::size_t settled_ = 0;
  double cv_sum_ = 0.0;
  std::optional<ShadowFigures> shadow_before_;  // Before the first counted arrival.
  SimulationOutcome outcome_;
  StepResult step_;
  ActionList actions_;
};

void Simulation::add_instances() {
  for (std::uint32_t i = 0; i < options_.instances; ++i) {
    instances_.push_back(make_instance_model(options_.model, options_.profile, workload_));
    InstanceSpec spec{.name = "instance-" + std::to_string(i),
                      .prefill_seconds_per_token = options_.profile.prefill_seconds_per_token,
                      .kv_cache_tokens = cache_tokens(options_.model, options_.profile)};
    tell_all(InstanceAdded{{i}, std::move(spec), options_.residency});
    if (options_.report_interval > Duration::zero()) {
      loop_.schedule(loop_.now() + options_.report_interval, OccurrenceKind::kReport, i);
    }
  }
}

Result<SimulationOutcome> Simulation::run() {
  if (options_.recording != nullptr) append_header_line(*options_.recording, options_.scheduler);
  add_instances();
  loop_.schedule(TimePoint{} + arrivals_[0], OccurrenceKind::kArrival, 0);
  while (settled_ < states_.size()) {
    const auto occurrence = loop_.next();
    if (!occurrence) {
      const std::size_t lost = states_.size() - settled_;
      return fail(ErrorCode::kInternal, ErrorOrigin::kRouter,
                  "the scheduler left " + std::to_string(lost) + " requests without an answer");
    }
    switch (occurrence->kind) {
      case OccurrenceKind::kArrival:
        on_arrival(occurrence->subject);
        break;
      case OccurrenceKind::kStepEnd:
        on_step_end(occurrence->subject);
        break;
      case OccurrenceKind::kRefusal:
        on_refusal(occurrence->subject);
        break;
      case OccurrenceKind::kReport:
        on_report(occurrence->subject);
        break;
      case OccurrenceKind::kSignal:
        on_signal();
        break;
      case OccurrenceKind::kWake:
        on_wake(occurrence->subject, occurrence->time);
        break;
    }
    start_idle_instances();
  }
  if (options_.history != nullptr) options_.history->finish();
  outcome_.pending_tokens_cv = cv_sum_ / static_cast<double>(states_.size() - first_counted_);
  outcome_.shadow = gateways_.shadow();
  if (outcome_.shadow && shadow_before_) outcome_.shadow->take_off(*shadow_before_);
  outcome_.explanations = gateways_.explanations();
  return std::move(outcome_);
}

void Simulation::on_arrival(std::uint32_t index) {
  ++arrived_;
  if (index + 1 < arrivals_.size()) {
    loop_.schedule(TimePoint{} + arrivals_[index + 1], OccurrenceKind::kArrival, index + 1);
  }
  if (index == first_counted_) shadow_before_ = gateways_.shadow();
  if (index >= first_counted_) cv_sum_ += pending_work_.coefficient_of_variation();
  outcome_.requests[index].arrival = loop_.now();
  const WorkloadRequest& request = workload_.requests()[index];
  const auto chain = workload_.chain_of(request);
  RequestArrived arrived;
  arrived.request.id = id_of(index);
  arrived.request.prompt_tokens = request.prompt_tokens;
  arrived.request.chain.assign(chain.begin(), chain.end());
  arrived.request.block_tokens = workload_.block_tokens();
  arrived.request.session = request.labels.session;
  arrived.request.tenant = request.labels.tenant;
  arrived.request.adapter = request.labels.adapter;
  arrived.request.priority = request.labels.priority;
  arrived.request.steps_to_execution = request.labels.steps_to_execution;
  tell(gateways_.gateway_of(index), std::move(arrived));
  note_choice(index);
}

void Simulation::note_choice(std::uint32_t index) {
  if (options_.history == nullptr) return;
  for (const DecisionRecord* decision :
       gateways_[gateways_.gateway_of(index)].decisions().recent(1)) {
    if (decision->request == id_of(index)) options_.history->note_choice(index, *decision);
  }
}

void Simulation::on_step_end(std::uint32_t instance) {
  --running_steps_;
  step_.clear();
  instances_[instance]->end_step(step_);
  given_work_.push_back(instance);  // It may go on with what it has.
  if (options_.residency == ResidencySource::kEvents) signal_blocks(instance);
  for (const PrefillEnd& end : step_.prefilled) {
    RequestOutcome& outcome = outcome_.requests[end.request];
    outcome.first_token = loop_.now();
    outcome.cached_tokens = end.cached_tokens;
    release(end.request);
    tell(gateways_.gateway_of(end.request), FirstToken{id_of(end.request), outcome.attempts});
  }
  for (const std::uint32_t index : step_.finished) {
    RequestOutcome& outcome = outcome_.requests[index];
    outcome.finished = loop_.now();
    settle(index);
    tell(gateways_.gateway_of(index),
         RequestFinished{id_of(index), outcome.attempts, workload_.requests()[index].output_tokens,
                         outcome.cached_tokens});
  }
}

void Simulation::signal_blocks(std::uint32_t instance) {
  const BlockChanges& blocks = step_.blocks;
  auto removed = blocks.removed.begin();
  auto stored = blocks.stored.begin();
  const auto signal_until = [&](std::vector<BlockHash>::const_iterator removed_end,
                                std::vector<BlockHash>::const_iterator stored_end) {
    if (removed != removed_end) signal(KvBlocksRemoved{{instance}, {removed, removed_end}});
    if (stored != stored_end) signal(KvBlocksStored{{instance}, {stored, stored_end}});
    removed = removed_end;
    stored = stored_end;
  };
  for (const PrefillEnd& end : step_.prefilled) {
    signal_until(blocks.removed.begin() + static_cast<std::ptrdiff_t>(end.removed_end),
                 blocks.stored.begin() + static_cast<std::ptrdiff_t>(end.stored_end));
  }
  signal_until(blocks.removed.end(), blocks.stored.end());
}

void Simulation::on_refusal(std::uint32_t index) {
  settle_rejected(index);
  // More than the model can hold is the client's fault: no other instance is tried.
  tell(gateways_.gateway_of(index),
       RequestFailed{id_of(index), outcome_.requests[index].attempts, false});
}

void Simulation::on_report(std::uint32_t instance) {
  InstanceReported reported{{instance}, instances_[instance]->report()};
  reported.report.time = loop_.now();
  signal(reported);
  // With no arrival to come and no step running nothing can change any more.
  if (arrived_ < arrivals_.size() || running_steps_ > 0) {
    loop_.schedule(loop_.now() + options_.report_interval, OccurrenceKind::kReport, instance);
  }
}

void Simulation::signal(Event event) {
  if (options_.signal_delay == Duration::zero()) {
    tell_all(event);
    return;
  }
  signals_.push_back(std::move(event));
  loop_.schedule(loop_.now() + options_.signal_delay, OccurrenceKind::kSignal, 0);
}

void Simulation::on_signal() {
  const Event event = std::move(signals_.front());  // All have the same delay: the oldest is due.
  signals_.pop_front();
  tell_all(event);
}

void Simulation::on_wake(std::uint32_t gateway, TimePoint time) {
  if (gateways_.take_wake(gateway, time)) tell(gateway, Tick{});
}

void Simulation::tell_all(const Event& event) {
  for (std::uint32_t gateway = 0; gateway < gateways_.size(); ++gateway) tell(gateway, event);
}

void Simulation::tell(std::uint32_t gateway, Event event) {
  actions_.clear();
  if (options_.recording != nullptr) append_event_line(*options_.recording, event, loop_.now());
  gateways_.apply(gateway, std::move(event), loop_.now(), actions_);
  for (const Action& action : actions_) {
    if (options_.recording != nullptr) append_action_line(*options_.recording, action);
    if (const auto* wake = std::get_if<Wake>(&action)) {
      schedule_wake(gateway, wake->at);
    } else {
      std::visit([this](const auto& asked) { carry_out(asked); }, action);
    }
  }
}

void Simulation::carry_out(const Dispatch& action) {
  const std::uint32_t index = index_of(action.request);
  const std::uint32_t instance = action.instance.value;
  assign(index, instance);
  outcome_.requests[index].attempts = action.attempt;
  if (!instances_[instance]->submit(index)) {
    loop_.schedule(loop_.now(), OccurrenceKind::kRefusal, index);
    return;
  }
  given_work_.push_back(instance);
}

void Simulation::carry_out(const Move& action) {
  const std::uint32_t index = index_of(action.request);
  ++outcome_.requests[index].moves;
  assign(index, action.to.value);
}

void Simulation::schedule_wake(std::uint32_t gateway, TimePoint at) {
  const TimePoint time = std::max(at, loop_.now());
  gateways_.set_wake(gateway, time);
  loop_.schedule(time, OccurrenceKind::kWake, gateway);
}

void Simulation::assign(std::uint32_t index, std::uint32_t instance) {
  RequestState& state = states_[index];
  RequestOutcome& outcome = outcome_.requests[index];
  if (state.pending_tokens > 0 && outcome.instance == instance) return;
  release(index);
  const WorkloadRequest& request = workload_.requests()[index];
  const std::uint32_t cached_tokens =
      instances_[instance]->cached_blocks(workload_.chain_of(request)) * workload_.block_tokens();
  outcome.instance = instance;
  state.pending_tokens = std::max(1U, request.prompt_tokens - cached_tokens);
  pending_work_.add(instance, state.pending_tokens);
  if (options_.history != nullptr) {
    options_.history->change_pending(instance, state.pending_tokens, loop_.now());
  }
}

void Simulation::release(std::uint32_t index) {
  RequestState& state = states_[index];
  if (state.pending_tokens == 0) return;
  const std::uint32_t instance = outcome_.requests[index].instance;
  pending_work_.remove(instance, state.pending_tokens);
  if (options_.history != nullptr) {
    options_.history->change_pending(instance, -std::int64_t{state.pending_tokens}, loop_.now());
  }
  state.pending_tokens = 0;
}

void Simulation::settle(std::uint32_t index) {
  RINGMASTER_CHECK(!states_[index].is_settled);
  release(index);
  states_[index].is_settled = true;
  ++settled_;
}

void Simulation::settle_rejected(std::uint32_t index) {
  if (states_[index].is_settled) return;  // Refused by its instance; the scheduler agrees.
  settle(index);
  outcome_.requests[index].is_rejected = true;
}

void Simulation::start_idle_instances() {
  for (const std::uint32_t instance : given_work_) {
    if (const auto step = instances_[instance]->start_step()) {
      ++running_steps_;
      loop_.schedule(loop_.now() + *step, OccurrenceKind::kStepEnd, instance);
    }
  }
  given_work_.clear();
}

Status check(const Workload& workload, std::span<const Duration> arrivals,
             std::size_t first_counted, const SimulationOptions& options) {
  RINGMASTER_CHECK(arrivals.size() == workload.requests().size());
  RINGMASTER_CHECK(std::ranges::is_sorted(arrivals));
  RINGMASTER_CHECK(first_counted < arrivals.size());
  if (options.instances < 1 || options.instances > kInstancesMax) {
    return invalid("instances: expected 1 to " + std::to_string(kInstancesMax) + ", found " +
                   std::to_string(options.instances));
  }
  if (options.signal_delay < Duration::zero() || options.report_interval < Duration::zero()) {
    return invalid("signal delay and report interval: expected no negative duration");
  }
  if (options.gateways != 1 && options.recording != nullptr) {
    return invalid("a recording is of one gateway, found " + std::to_string(options.gateways));
  }
  return {};
}

}  // namespace

Result<SimulationOutcome> simulate(const Workload& workload, std::span<const Duration> arrivals,
                                   std::size_t first_counted, const SimulationOptions& options) {
  if (auto status = check(workload, arrivals, first_counted, options); !status) {
    return tl::unexpected(std::move(status).error());
  }
  auto gateways = GatewaySet::create(options.scheduler, options.gateways, arrivals.size());
  if (!gateways) return tl::unexpected(std::move(gateways).error());
  return Simulation(workload, arrivals, first_counted, options, *gateways).run();
}

}  // namespace ringmaster::sim
