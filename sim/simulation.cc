#include "sim/simulation.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/check.h"
#include "scheduler/event_codec.h"
#include "sim/simulation_run.h"

namespace ringmaster::sim {
namespace {

/// Keeps what happens to the fleet apart from every other use of the seed.
constexpr std::uint64_t kFleetSalt = 0x666c'6565'7463'6861ULL;

Status check(const SimulationOptions& options) {
  if (options.fleet.empty() && (options.instances < 1 || options.instances > kInstancesMax)) {
    return invalid("instances: expected 1 to " + std::to_string(kInstancesMax) + ", found " +
                   std::to_string(options.instances));
  }
  if (options.fleet.size() > kInstancesMax) {
    return invalid("fleet: expected at most " + std::to_string(kInstancesMax) +
                   " instances, found " + std::to_string(options.fleet.size()));
  }
  if (options.signal_delay < Duration::zero() || options.report_interval < Duration::zero()) {
    return invalid("signal delay and report interval: expected no negative duration");
  }
  if (options.gateways != 1 && options.recording != nullptr) {
    return invalid("a recording is of one gateway, found " + std::to_string(options.gateways));
  }
  if (auto status = check(options.changes); !status) return status;
  if (auto status = check(options.classes); !status) return status;
  return options.autoscaler ? check(*options.autoscaler) : Status{};
}

}  // namespace

SimulationRun::SimulationRun(const Workload& workload, std::span<const Duration> arrivals,
                             std::size_t first_counted, const SimulationOptions& options,
                             GatewaySet& gateways)
    : workload_(workload),
      arrivals_(arrivals),
      first_counted_(first_counted),
      options_(options),
      gateways_(gateways),
      random_(options.scheduler.seed ^ kFleetSalt),
      changes_(plan_changes(options.changes, arrivals.back() - arrivals[first_counted], random_)),
      classes_(draw_classes(options.classes, arrivals.size(), options.scheduler.seed)),
      states_(arrivals.size()) {
  outcome_.requests.resize(arrivals.size());
  if (options.autoscaler) autoscaler_.emplace(*options.autoscaler);
}

Result<SimulationOutcome> SimulationRun::run() {
  if (options_.recording != nullptr) append_header_line(*options_.recording, options_.scheduler);
  add_instances();
  // Before the arrivals, so that a change at the time of one comes before it.
  for (std::uint32_t i = 0; i < changes_.size(); ++i) {
    loop_.schedule(TimePoint{} + arrivals_[first_counted_] + changes_[i].at,
                   OccurrenceKind::kChange, i);
  }
  loop_.schedule(TimePoint{} + arrivals_[0], OccurrenceKind::kArrival, 0);
  while (settled_ < states_.size()) {
    const auto occurrence = loop_.next();
    if (!occurrence) {
      const std::size_t lost = states_.size() - settled_;
      return fail(ErrorCode::kInternal, ErrorOrigin::kRouter,
                  "the scheduler left " + std::to_string(lost) + " requests without an answer");
    }
    handle(*occurrence);
    remove_drained();
    start_idle_instances();
  }
  if (const std::uint64_t booked = gateways_.requests_booked(); booked > 0) {
    return fail(ErrorCode::kInternal, ErrorOrigin::kRouter,
                std::to_string(booked) + " requests are over but still booked on instances");
  }
  for (const SimulatedInstance& instance : instances_) {
    pay(instance);
    note_copies(instance);
  }
  outcome_.instances_last = present_count();
  if (options_.history != nullptr) options_.history->finish();
  outcome_.pending_tokens_cv = cv_sum_ / static_cast<double>(states_.size() - first_counted_);
  outcome_.shadow = gateways_.shadow();
  if (outcome_.shadow && shadow_before_) outcome_.shadow->take_off(*shadow_before_);
  outcome_.explanations = gateways_.explanations();
  return std::move(outcome_);
}

void SimulationRun::handle(const Occurrence& occurrence) {
  switch (occurrence.kind) {
    case OccurrenceKind::kArrival:
      return on_arrival(occurrence.subject);
    case OccurrenceKind::kStepEnd:
      return on_step_end(occurrence.subject);
    case OccurrenceKind::kForward:
      return on_forward(occurrence.subject);
    case OccurrenceKind::kReturn:
      return on_return(occurrence.subject);
    case OccurrenceKind::kRefusal:
      return on_refusal(occurrence.subject);
    case OccurrenceKind::kReport:
      return on_report(occurrence.subject);
    case OccurrenceKind::kSignal:
      return on_signal();
    case OccurrenceKind::kWake:
      return on_wake(occurrence.subject, occurrence.time);
    case OccurrenceKind::kChange:
      return on_change(changes_[occurrence.subject]);
    case OccurrenceKind::kJoin:
      return join(occurrence.subject);
    case OccurrenceKind::kRestart:
      return restart(occurrence.subject);
    case OccurrenceKind::kProbe:
      return on_probe(occurrence.subject);
    case OccurrenceKind::kScaling:
      return on_scaling();
  }
}

void SimulationRun::on_arrival(std::uint32_t index) {
  ++arrived_;
  if (index + 1 < arrivals_.size()) {
    loop_.schedule(TimePoint{} + arrivals_[index + 1], OccurrenceKind::kArrival, index + 1);
  }
  if (index == first_counted_) shadow_before_ = gateways_.shadow();
  if (index >= first_counted_) cv_sum_ += pending_work_.coefficient_of_variation();
  outcome_.requests[index].arrival = loop_.now();
  if (!classes_.empty()) outcome_.requests[index].request_class = classes_[index];
  tell(gateways_.gateway_of(index), RequestArrived{spec_of(index)});
  note_choice(index);
}

RequestSpec SimulationRun::spec_of(std::uint32_t index) const {
  const WorkloadRequest& request = workload_.requests()[index];
  const auto chain = workload_.chain_of(request);
  RequestSpec spec;
  spec.id = id_of(index);
  spec.prompt_tokens = request.prompt_tokens;
  spec.chain.assign(chain.begin(), chain.end());
  spec.block_tokens = workload_.block_tokens();
  spec.session = request.labels.session;
  spec.tenant = request.labels.tenant;
  spec.adapter = request.labels.adapter;
  spec.priority = request.labels.priority;
  spec.steps_to_execution = request.labels.steps_to_execution;
  if (classes_.empty()) return spec;
  const RequestClass& its = options_.classes[classes_[index]];
  spec.ttft_slo = its.ttft_slo;
  spec.priority += its.priority;
  return spec;
}

std::uint32_t SimulationRun::sender_of(std::uint32_t index) const {
  const auto& forward = states_[index].forward;
  return forward ? forward->gateway : gateways_.gateway_of(index);
}

void SimulationRun::on_forward(std::uint32_t index) {
  const Forward& forward = *states_[index].forward;
  RequestSpec spec = spec_of(index);
  spec.forwarded_to = forward.instance;
  tell(forward.gateway, RequestArrived{std::move(spec)});
}

void SimulationRun::on_return(std::uint32_t index) {
  const Forward forward = *std::exchange(states_[index].forward, std::nullopt);
  if (forward.is_refused) settle_rejected(index);
  tell(gateways_.gateway_of(index),
       RequestFailed{id_of(index), forward.attempt, !forward.is_refused});
}

void SimulationRun::note_choice(std::uint32_t index) {
  if (options_.history == nullptr) return;
  for (const DecisionRecord* decision :
       gateways_[gateways_.gateway_of(index)].decisions().recent(1)) {
    if (decision->request == id_of(index)) options_.history->note_choice(index, *decision);
  }
}

void SimulationRun::on_step_end(std::uint32_t instance) {
  SimulatedInstance& place = instances_[instance];
  // Steps that broke off or were held up end no more, or later.
  if (!place.is_running || place.step_ends_at != loop_.now()) return;
  place.is_running = false;
  --running_steps_;
  step_.clear();
  place.model->end_step(step_);
  given_work_.push_back(instance);  // It may go on with what it has.
  if (options_.residency == ResidencySource::kEvents) signal_blocks(instance);
  for (const PrefillEnd& end : step_.prefilled) {
    RequestOutcome& outcome = outcome_.requests[end.request];
    outcome.first_token = loop_.now();
    outcome.cached_tokens = end.cached_tokens;
    states_[end.request].is_answered = true;
    release(end.request);
    tell_of(end.request, [&](std::uint32_t attempt) {
      return FirstToken{id_of(end.request), attempt};
    });
  }
  for (const std::uint32_t index : step_.finished) {
    RequestOutcome& outcome = outcome_.requests[index];
    outcome.finished = loop_.now();
    take_back(index);
    settle(index);
    tell_of(index, [&](std::uint32_t attempt) {
      return RequestFinished{id_of(index), attempt, workload_.requests()[index].output_tokens,
                             outcome.cached_tokens};
    });
  }
}

void SimulationRun::signal_blocks(std::uint32_t instance) {
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

void SimulationRun::on_refusal(std::uint32_t index) {
  const Refusal refusal = std::exchange(states_[index].refusal, Refusal::kNone);
  const std::uint32_t instance = outcome_.requests[index].instance;
  if (refusal == Refusal::kUnreachable) {
    fail_attempt(index, true, true);
    note_health(instance, instances_[instance].health.failure());
    schedule_probe(instance);
  } else if (refusal == Refusal::kTooLarge) {
    // More than the model can hold is the client's fault: no other instance is tried.
    outcome_.requests[index].is_rejected = true;
    fail_attempt(index, false, false);
  }
}

void SimulationRun::fail_attempt(std::uint32_t index, bool may_retry, bool lost_instance) {
  states_[index].refusal = Refusal::kNone;
  take_back(index);
  release(index);
  const auto failed = [&](std::uint32_t attempt) {
    return RequestFailed{id_of(index), attempt, may_retry, lost_instance};
  };
  if (may_retry) {  // Whoever sent it tries again: the other one need not know.
    tell(sender_of(index), failed(outcome_.requests[index].attempts));
    return;
  }
  settle(index);
  tell_of(index, failed);
}

void SimulationRun::take_back(std::uint32_t index) {
  RINGMASTER_CHECK(states_[index].is_sent);
  states_[index].is_sent = false;
  --instances_[outcome_.requests[index].instance].requests;
}

void SimulationRun::signal(Event event) {
  if (options_.signal_delay == Duration::zero()) {
    tell_all(std::move(event));
    return;
  }
  signals_.push_back(std::move(event));
  loop_.schedule(loop_.now() + options_.signal_delay, OccurrenceKind::kSignal, 0);
}

void SimulationRun::on_signal() {
  Event event = std::move(signals_.front());  // All have the same delay: the oldest is due.
  signals_.pop_front();
  tell_all(std::move(event));
}

void SimulationRun::on_wake(std::uint32_t gateway, TimePoint time) {
  if (gateways_.take_wake(gateway, time)) tell(gateway, Tick{});
}

void SimulationRun::tell_all(Event event) {
  const std::uint32_t last = gateways_.size() - 1;
  for (std::uint32_t gateway = 0; gateway < last; ++gateway) tell(gateway, event);
  tell(last, std::move(event));
}

void SimulationRun::tell(std::uint32_t gateway, Event event) {
  actions_.clear();
  if (options_.recording != nullptr) append_event_line(*options_.recording, event, loop_.now());
  gateways_.apply(gateway, std::move(event), loop_.now(), actions_);
  for (const Action& action : actions_) {
    if (options_.recording != nullptr) append_action_line(*options_.recording, action);
    std::visit([&](const auto& asked) { carry_out(gateway, asked); }, action);
  }
}

template <class MakeEvent>
void SimulationRun::tell_of(std::uint32_t index, const MakeEvent& make_event) {
  const std::uint32_t attempts = outcome_.requests[index].attempts;
  if (const auto& forward = states_[index].forward) {
    tell(forward->gateway, make_event(attempts));
    tell(gateways_.gateway_of(index), make_event(forward->attempt));
  } else {
    tell(gateways_.gateway_of(index), make_event(attempts));
  }
}

void SimulationRun::carry_out(std::uint32_t gateway, const Dispatch& action) {
  const std::uint32_t index = index_of(action.request);
  const std::uint32_t instance = action.instance.value;
  const std::uint32_t owner = instances_[instance].owner;
  // What was forwarded once is not forwarded again.
  if (options_.peers && owner != gateway && !states_[index].forward) {
    states_[index].forward = {
        .gateway = owner, .instance = action.instance, .attempt = action.attempt};
    loop_.schedule(loop_.now() + kForwardDelay, OccurrenceKind::kForward, index);
    return;
  }
  if (auto& forward = states_[index].forward) forward->was_sent = true;
  assign(index, instance);
  outcome_.requests[index].attempts = action.attempt;
  SimulatedInstance& place = instances_[instance];
  RequestState& state = states_[index];
  state.is_sent = true;
  ++place.requests;
  if (place.is_down) {
    state.refusal = Refusal::kUnreachable;
  } else if (!place.model->submit(index)) {
    state.refusal = Refusal::kTooLarge;
  } else {
    given_work_.push_back(instance);
    return;
  }
  loop_.schedule(loop_.now(), OccurrenceKind::kRefusal, index);
}

void SimulationRun::carry_out(std::uint32_t /*gateway*/, const Hold& action) {
  assign(index_of(action.request), action.instance.value);
}

void SimulationRun::carry_out(std::uint32_t /*gateway*/, const Reject& action) {
  const std::uint32_t index = index_of(action.request);
  if (auto& forward = states_[index].forward) {
    forward->is_refused = forward->was_sent || action.error.code != ErrorCode::kUnavailable;
    loop_.schedule(loop_.now(), OccurrenceKind::kReturn, index);
  } else {
    settle_rejected(index);
  }
}

void SimulationRun::carry_out(std::uint32_t /*gateway*/, const Prefetch& action) {
  const SimulatedInstance& place = instances_[action.instance.value];
  if (!place.is_down && place.model != nullptr) place.model->prefetch(action.chain, action.steps);
}

void SimulationRun::carry_out(std::uint32_t /*gateway*/, const Move& action) {
  const std::uint32_t index = index_of(action.request);
  ++outcome_.requests[index].moves;
  assign(index, action.to.value);
}

void SimulationRun::schedule_wake(std::uint32_t gateway, TimePoint at) {
  const TimePoint time = std::max(at, loop_.now());
  gateways_.set_wake(gateway, time);
  loop_.schedule(time, OccurrenceKind::kWake, gateway);
}

void SimulationRun::assign(std::uint32_t index, std::uint32_t instance) {
  RequestState& state = states_[index];
  RequestOutcome& outcome = outcome_.requests[index];
  if (state.pending_tokens > 0 && outcome.instance == instance) return;
  release(index);
  const WorkloadRequest& request = workload_.requests()[index];
  const std::uint32_t cached_tokens =
      instances_[instance].model->cached_blocks(workload_.chain_of(request)) *
      workload_.block_tokens();
  outcome.instance = instance;
  state.pending_tokens = std::max(1U, request.prompt_tokens - cached_tokens);
  pending_work_.add(instance, state.pending_tokens);
  if (options_.history != nullptr) {
    options_.history->change_pending(instance, state.pending_tokens, loop_.now());
  }
}

void SimulationRun::release(std::uint32_t index) {
  RequestState& state = states_[index];
  if (state.pending_tokens == 0) return;
  const std::uint32_t instance = outcome_.requests[index].instance;
  pending_work_.remove(instance, state.pending_tokens);
  if (options_.history != nullptr) {
    options_.history->change_pending(instance, -std::int64_t{state.pending_tokens}, loop_.now());
  }
  state.pending_tokens = 0;
}

void SimulationRun::settle(std::uint32_t index) {
  RINGMASTER_CHECK(!states_[index].is_settled);
  release(index);
  states_[index].is_settled = true;
  ++settled_;
}

void SimulationRun::settle_rejected(std::uint32_t index) {
  settle(index);
  outcome_.requests[index].is_rejected = true;
}

Result<SimulationOutcome> simulate(const Workload& workload, std::span<const Duration> arrivals,
                                   std::size_t first_counted, const SimulationOptions& options) {
  RINGMASTER_CHECK(arrivals.size() == workload.requests().size());
  RINGMASTER_CHECK(std::ranges::is_sorted(arrivals));
  RINGMASTER_CHECK(first_counted < arrivals.size());
  if (auto status = check(options); !status) return tl::unexpected(std::move(status).error());
  auto gateways = GatewaySet::create(options.scheduler, options.gateways, arrivals.size());
  if (!gateways) return tl::unexpected(std::move(gateways).error());
  return SimulationRun(workload, arrivals, first_counted, options, *gateways).run();
}

}  // namespace ringmaster::sim
