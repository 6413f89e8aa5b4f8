#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "fleet/fleet_state.h"
#include "policies/routing_policy.h"
#include "scheduler/decision_watch.h"
#include "scheduler/home_finder.h"
#include "scheduler/mirror_correction.h"
#include "scheduler/queue_order.h"
#include "scheduler/rebalancer.h"
#include "scheduler/request_table.h"
#include "scheduler/retry_budget.h"
#include "scheduler/routing_parts.h"
#include "scheduler/scheduler.h"
#include "scheduler/timer_heap.h"
#include "scheduler/wait_queue.h"

namespace ringmaster {

/// The Scheduler: what each event does to requests, queues, bookings and timers.
///
/// A request is held or sent (prefilling, then decoding); its work is booked on its instance from
/// the decision to its end. scheduler_core.cc has one function per event, request_placement.cc what
/// they share: choosing, holding, dispatching, moving, releasing.
class SchedulerCore final : public Scheduler {
 public:
  /// Requires: options complete (see Scheduler::create) and in their ranges. `watch` may be null.
  SchedulerCore(const SchedulerOptions& options, RoutingParts parts,
                std::unique_ptr<DecisionWatch> watch);

  void apply(Event event, TimePoint now, ActionList& actions) override;
  [[nodiscard]] const DecisionLog& decisions() const override { return decisions_; }
  [[nodiscard]] SchedulerLoad load() const override;
  [[nodiscard]] std::vector<InstanceStatus> instances() const override;
  [[nodiscard]] std::optional<InstanceReport> report_of(InstanceId instance) const override;
  [[nodiscard]] std::uint64_t membership_digest() const override {
    return fleet_.membership_digest();
  }
  [[nodiscard]] const SchedulerOptions& options() const override { return options_; }
  [[nodiscard]] const Explanation* explanation(std::uint64_t decision) const override {
    return watch_ == nullptr ? nullptr : watch_->find(decision);
  }
  [[nodiscard]] std::vector<const Explanation*> explanations() const override {
    return watch_ == nullptr ? std::vector<const Explanation*>() : watch_->all();
  }
  [[nodiscard]] const ShadowFigures* shadow() const override {
    return watch_ == nullptr ? nullptr : watch_->shadow();
  }

 private:
  // One per event (scheduler_core.cc).
  void on(RequestArrived&& event);
  void on(FirstToken&& event);
  void on(RequestFinished&& event);
  void on(RequestFailed&& event);
  void on(RequestCancelled&& event);
  void on(InstanceReported&& event);
  void on(KvBlocksStored&& event);
  void on(KvBlocksRemoved&& event);
  void on(KvCleared&& event);
  void on(InstanceAdded&& event);
  void on(InstanceRemoved&& event);
  void on(InstanceDraining&& event);
  void on(HealthChanged&& event);
  void on(OwnerChanged&& event);
  void on(Tick&& event);

  void order_prefetches(PrefetchPlanner& planner);
  void run_due_timers();
  void run_timer(RequestRecord& record);
  void ask_for_wake();
  [[nodiscard]] RequestRecord* sent_attempt(RequestId request, std::uint32_t attempt);
  void start_waiting(RequestRecord& record) const;
  void end_prefill(RequestRecord& record);
  void hear_of_cache(const RequestRecord& record, const ReportedCache& reported);
  void retry(RequestRecord& record, bool lost_instance);
  void empty_queues_of_ineligible();

  // What they share (request_placement.cc).
  void place(RequestRecord& record);
  /// The gateway that forwarded the request has chosen for us. Not where that has failed, or cannot
  /// be any more: then it is ours to choose.
  [[nodiscard]] bool is_chosen_by_another(const RequestRecord& record) const;
  void find_untried(const RequestRecord& record, std::span<const InstanceId> instances);
  [[nodiscard]] DecisionRecord& log_decision(RequestRecord& record, const RoutingQuery& query,
                                             RoutingDecision& decision);
  void fill_in_cached_tokens(const RequestRecord& record, RoutingDecision& decision) const;
  void log_move(RequestRecord& record, InstanceId from, std::uint32_t cached_at_source);
  [[nodiscard]] bool has_open_window(InstanceId instance) const;
  void book_at(RequestRecord& record, InstanceId instance, std::uint32_t cached_tokens);
  void hold(RequestRecord& record);
  void unhold(RequestRecord& record);
  void dispatch(RequestRecord& record);
  void dispatch_held(InstanceId instance);
  [[nodiscard]] std::uint32_t next_held(InstanceId instance);
  void note_put_aside(InstanceId instance);
  [[nodiscard]] PickContext pick_context(InstanceId instance) const;
  void rebalance_around(const RequestRecord& record);
  void rebalance(InstanceId source);
  void move_held(RequestRecord& record, InstanceId to, std::uint32_t cached_tokens);
  void instance_freed(InstanceId instance);
  void release_sent(RequestRecord& record, std::optional<std::uint32_t> output_tokens = {});
  [[nodiscard]] ObservedRequest observed(const RequestRecord& record) const;
  void forget(RequestRecord& record);
  void reject(RequestRecord& record, ErrorCode code, const char* message);
  [[nodiscard]] Waiting waiting_of(const RequestRecord& record) const;
  [[nodiscard]] WaitQueue& queue(InstanceId instance) { return queues_[instance.value]; }
  [[nodiscard]] Duration slo_of(const RequestRecord& record) const;
  /// Tells whoever follows the request.
  void note(const RequestRecord& record, Happening::Kind kind, std::string_view text = {});

  SchedulerOptions options_;  ///< Complete.
  RoutingParts parts_;
  std::vector<RequestObserver*> observers_;  ///< Of the policy and the parts beside it.
  bool needs_homes_;
  bool homes_by_session_;
  HomeFinder homes_;
  FleetState fleet_;
  RequestTable requests_;
  std::vector<WaitQueue> queues_;  ///< By slot.
  std::unique_ptr<QueueOrder> order_;
  std::unique_ptr<Rebalancer> rebalancer_;
  TimerHeap timers_;  ///< One per request at most: its next deadline.
  RetryBudget retries_;
  DecisionLog decisions_;
  std::unique_ptr<DecisionWatch> watch_;  ///< Null: nobody watches.
  SchedulerLoad load_;
  std::uint32_t block_tokens_ = 0;   ///< Of the last request; a fleet's prompts are cut alike.
  std::vector<InstanceId> untried_;  ///< Scratch.

  // During apply().
  TimePoint now_{};
  ActionList* actions_ = nullptr;
  TimePoint wake_at_ = TimePoint::max();  ///< The Wake asked for and not yet reached.
};

}  // namespace ringmaster
