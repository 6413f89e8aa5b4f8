#include "scheduler/scheduler_core.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "policies/freeness.h"

namespace ringmaster {
namespace {

constexpr Duration kQueueWaitMax = std::chrono::hours(24);

}  // namespace

SchedulerCore::SchedulerCore(const SchedulerOptions& options, RoutingParts parts,
                             std::unique_ptr<DecisionWatch> watch)
    : options_(options),
      parts_(std::move(parts)),
      observers_(parts_.observers()),
      needs_homes_(parts_.policy().needs_homes() || *options.rebalancing == Rebalancing::kPaper ||
                   *options.rebalancing == Rebalancing::kCode),
      homes_by_session_(parts_.policy().published_form().homes_by_session),
      homes_(parts_.policy().published_form().hotness),
      fleet_(options.ring_points, options.index_blocks_max),
      order_(make_queue_order(*options.queue, options.ttft_slo)),
      rebalancer_(make_rebalancer(*options.rebalancing, {.fleet = fleet_,
                                                         .requests = requests_,
                                                         .queues = queues_,
                                                         .order = *order_,
                                                         .veto = parts_.veto(),
                                                         .ttft_slo = options.ttft_slo})),
      retries_(options.retry_budget_share),
      decisions_(options.decision_log_size),
      watch_(std::move(watch)) {
  if (watch_ != nullptr) watch_->append_observers(observers_);
}

void SchedulerCore::apply(Event event, TimePoint now, ActionList& actions) {
  RINGMASTER_CHECK(now >= now_);
  now_ = now;
  actions_ = &actions;
  run_due_timers();
  std::visit([this](auto&& happened) { on(std::forward<decltype(happened)>(happened)); },
             std::move(event));
  if (PrefetchPlanner* const planner = parts_.policy().prefetcher()) order_prefetches(*planner);
  ask_for_wake();
  actions_ = nullptr;
}

void SchedulerCore::order_prefetches(PrefetchPlanner& planner) {
  while (auto order = planner.next_prefetch()) {
    if (!fleet_.has(order->instance)) continue;
    const InstanceState& state = fleet_[order->instance];
    if (state.is_draining || state.health == Health::kDead) continue;
    ++load_.prefetches;
    actions_->emplace_back(Prefetch{
        .instance = order->instance, .chain = std::move(order->chain), .steps = order->steps});
  }
}

void SchedulerCore::run_due_timers() {
  if (now_ >= wake_at_) wake_at_ = TimePoint::max();
  while (!timers_.empty() && timers_.next_time() <= now_) run_timer(requests_.at(timers_.pop()));
}

void SchedulerCore::run_timer(RequestRecord& record) {
  const InstanceId instance = record.instance;
  if (record.phase == RequestPhase::kPrefilling) {
    end_prefill(record);  // Its first token cannot be seen: taken as out by now.
    instance_freed(instance);
  } else if (now_ >= record.queue_deadline) {
    unhold(record);
    reject(record, ErrorCode::kDeadlineExceeded, "waited too long for an instance");
  } else {
    timers_.set(record.index, record.queue_deadline);
    rebalance(instance);
  }
}

void SchedulerCore::ask_for_wake() {
  if (timers_.empty() || timers_.next_time() >= wake_at_) return;
  wake_at_ = timers_.next_time();
  actions_->emplace_back(Wake{wake_at_});
}

void SchedulerCore::on(Tick&& /*event*/) {}

void SchedulerCore::on(RequestArrived&& event) {
  if (event.request.block_tokens == 0) {  // Nothing is a block of it, and much divides by it.
    event.request.chain.clear();
    event.request.block_tokens = std::max(1U, block_tokens_);
  }
  if (requests_.find(event.request.id) != nullptr) return;
  block_tokens_ = event.request.block_tokens;
  fleet_.residency().index().prefetch(event.request.chain);  // Comes while the homes are found.
  RequestRecord& record = requests_.insert(std::move(event.request));
  record.arrived_at = now_;
  start_waiting(record);
  place(record);
}

void SchedulerCore::start_waiting(RequestRecord& record) const {
  const Duration wait_max = record.spec.queue_deadline > Duration::zero()
                                ? std::min(record.spec.queue_deadline, kQueueWaitMax)
                                : options_.queue_wait_max;
  record.queue_deadline = now_ + wait_max;
}

RequestRecord* SchedulerCore::sent_attempt(RequestId request, std::uint32_t attempt) {
  RequestRecord* record = requests_.find(request);
  const bool is_current =
      record != nullptr && record->phase != RequestPhase::kHeld && record->attempt == attempt;
  return is_current ? record : nullptr;
}

void SchedulerCore::on(FirstToken&& event) {
  RequestRecord* record = sent_attempt(event.request, event.attempt);
  if (record == nullptr || record->phase != RequestPhase::kPrefilling) return;
  if (fleet_[record->instance].is_ours) {  // Else it may have been held on its way.
    fleet_.prefill_pace().note(now_ - record->dispatched_at,
                               static_cast<double>(record->tokens_at_dispatch) *
                                   fleet_[record->instance].prefill_seconds_per_token);
  }
  end_prefill(*record);
  for (RequestObserver* observer : observers_) observer->first_token(observed(*record));
  instance_freed(record->instance);
}

void SchedulerCore::on(RequestFinished&& event) {
  RequestRecord* record = sent_attempt(event.request, event.attempt);
  if (record == nullptr) return;
  const InstanceId instance = record->instance;
  if (record->phase == RequestPhase::kPrefilling) end_prefill(*record);
  note(*record, Happening::Kind::kFinished);
  fleet_.at(instance).expected_cached_tokens_total += record->cached_tokens;
  if (event.cached_tokens) {
    hear_of_cache(*record,
                  {.cached_tokens = *event.cached_tokens, .prompt_tokens = event.prompt_tokens});
  }
  release_sent(*record, event.output_tokens);
  forget(*record);
  instance_freed(instance);
}

void SchedulerCore::hear_of_cache(const RequestRecord& record, const ReportedCache& reported) {
  fleet_.at(record.instance).actual_cached_tokens_total += reported.cached_tokens;
  if (record.explanation != 0) watch_->reported_cached_tokens(record, reported.cached_tokens);
  // One that has stated nothing but 0 may cache and not count.
  if (fleet_[record.instance].actual_cached_tokens_total == 0) return;
  const auto blocks = contradicting_blocks(record.spec, record.believed_blocks, reported);
  if (!blocks) return;
  fleet_.residency().had_only(record.instance, record.spec.chain, *blocks);
  ++load_.mirror_corrections;
}

void SchedulerCore::on(RequestFailed&& event) {
  RequestRecord* record = sent_attempt(event.request, event.attempt);
  if (record == nullptr) return;
  const InstanceId instance = record->instance;
  note(*record, Happening::Kind::kFailed);
  release_sent(*record);
  // Before any other is sent there: the place that this one leaves would cost the next its attempt.
  const bool is_news = event.lost_instance && fleet_[instance].health == Health::kHealthy;
  if (is_news) fleet_.set_health(instance, Health::kSuspect);
  if (event.may_retry) {
    retry(*record, event.lost_instance);
  } else {
    forget(*record);
  }
  if (is_news) empty_queues_of_ineligible();
  instance_freed(instance);
}

void SchedulerCore::retry(RequestRecord& record, bool lost_instance) {
  if (record.attempt >= options_.attempts_max) {
    return reject(record, ErrorCode::kUnavailable, "every attempt has failed");
  }
  if (!record.is_retry) {
    const double left = static_cast<double>(fleet_.eligible().size());
    if (!retries_.allows_another(requests_.size(), lost_instance ? 1.0 / (left + 1.0) : 0.0)) {
      return reject(record, ErrorCode::kUnavailable,
                    "an attempt failed and the retry budget is used up");
    }
    record.is_retry = true;
    retries_.begin();
  }
  ++load_.retries;
  start_waiting(record);  // The time it spent at the instance was no waiting.
  place(record);
}

void SchedulerCore::on(RequestCancelled&& event) {
  RequestRecord* record = requests_.find(event.request);
  if (record == nullptr) return;
  const InstanceId instance = record->instance;
  note(*record, Happening::Kind::kCancelled);
  if (record->phase == RequestPhase::kHeld) {
    unhold(*record);
    return forget(*record);
  }
  actions_->emplace_back(Cancel{record->spec.id, record->attempt, instance});
  release_sent(*record);
  forget(*record);
  instance_freed(instance);
}

void SchedulerCore::on(InstanceReported&& event) {
  fleet_.report(event.instance, event.report, now_);
}

void SchedulerCore::on(KvBlocksStored&& event) {
  if (fleet_.has(event.instance)) fleet_.at(event.instance).residency_time = now_;
  fleet_.residency().stored(event.instance, event.blocks);
}

void SchedulerCore::on(KvBlocksRemoved&& event) {
  if (fleet_.has(event.instance)) fleet_.at(event.instance).residency_time = now_;
  fleet_.residency().removed(event.instance, event.blocks);
}

void SchedulerCore::on(KvCleared&& event) {
  if (fleet_.has(event.instance)) fleet_.at(event.instance).residency_time = now_;
  fleet_.residency().cleared(event.instance);
}

void SchedulerCore::on(InstanceAdded&& event) {
  if (!fleet_.add(event.instance, event.spec, event.residency, event.health)) return;
  if (queues_.size() <= event.instance.value) queues_.resize(event.instance.value + 1);
  empty_queues_of_ineligible();
}

void SchedulerCore::on(InstanceRemoved&& event) {
  if (!fleet_.has(event.instance)) return;
  const auto there = requests_.select(
      [&](const RequestRecord& record) { return record.instance == event.instance; });
  std::vector<std::uint32_t> held;
  std::vector<std::uint32_t> unanswered;
  for (const std::uint32_t index : there) {
    RequestRecord& record = requests_.at(index);
    if (record.phase == RequestPhase::kHeld) {
      unhold(record);
      held.push_back(index);
      continue;
    }
    note(record, Happening::Kind::kFailed, "its instance was removed");
    const bool is_answered = record.phase == RequestPhase::kDecoding;
    release_sent(record);
    if (is_answered) {
      forget(record);  // Runs on, unobserved.
    } else {
      actions_->emplace_back(Cancel{record.spec.id, record.attempt, event.instance});
      unanswered.push_back(index);
    }
  }
  fleet_.remove(event.instance);
  for (RequestObserver* observer : observers_) observer->instance_left(event.instance);
  for (const std::uint32_t index : unanswered) retry(requests_.at(index), true);
  for (const std::uint32_t index : held) place(requests_.at(index));
  empty_queues_of_ineligible();
}

void SchedulerCore::on(InstanceDraining&& event) {
  fleet_.set_draining(event.instance, event.is_draining);
  empty_queues_of_ineligible();
}

void SchedulerCore::on(HealthChanged&& event) {
  fleet_.set_health(event.instance, event.health);
  empty_queues_of_ineligible();
}

void SchedulerCore::on(OwnerChanged&& event) {
  fleet_.set_owned(event.instance, event.is_ours);
  if (!event.is_ours) dispatch_held(event.instance);  // Its owner holds them now.
}

void SchedulerCore::empty_queues_of_ineligible() {
  if (load_.held_requests == 0) return;  // The rest is a pass over all that are in flight.
  const auto stranded = requests_.select([&](const RequestRecord& record) {
    return record.phase == RequestPhase::kHeld && !fleet_[record.instance].is_eligible;
  });
  for (const std::uint32_t index : stranded) unhold(requests_.at(index));
  for (const std::uint32_t index : stranded) place(requests_.at(index));
}

SchedulerLoad SchedulerCore::load() const {
  SchedulerLoad load = load_;
  load.index_blocks = fleet_.residency().index().size();
  load.mean_freeness = mean_freeness(fleet_, block_tokens_);
  return load;
}

std::vector<InstanceStatus> SchedulerCore::instances() const {
  std::vector<InstanceStatus> statuses;
  for (std::uint32_t slot = 0; slot < fleet_.slot_count(); ++slot) {
    const InstanceState& state = fleet_[{slot}];
    if (!state.is_present) continue;
    statuses.push_back({.id = {slot},
                        .name = state.spec.name,
                        .health = state.health,
                        .is_draining = state.is_draining,
                        .held_requests = state.load.held_requests,
                        .prefilling_requests = state.load.prefilling_requests,
                        .decoding_requests = state.load.decoding_requests,
                        .held_tokens = state.load.held_tokens,
                        .sent_tokens = state.load.sent_tokens,
                        .foreign_requests = state.load.foreign_requests,
                        .foreign_tokens = state.load.foreign_tokens,
                        .expected_cached_tokens_total = state.expected_cached_tokens_total,
                        .actual_cached_tokens_total = state.actual_cached_tokens_total,
                        .report = state.report});
  }
  return statuses;
}

std::optional<InstanceReport> SchedulerCore::report_of(InstanceId instance) const {
  if (!fleet_.has(instance)) return std::nullopt;
  const InstanceLoad& load = fleet_[instance].load;
  return InstanceReport{.running_requests = load.decoding_requests + load.foreign_requests,
                        .waiting_requests = load.held_requests + load.prefilling_requests,
                        .queued_prefill_tokens = load.pending_tokens(),
                        .is_of_owner = true,
                        .put_aside_tokens = load.put_aside_tokens};
}

}  // namespace ringmaster
