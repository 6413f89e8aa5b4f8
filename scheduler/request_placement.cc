#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "scheduler/scheduler_core.h"

namespace ringmaster {
namespace {

constexpr double kPrefillSecondsMax = 86'400.0;
constexpr Duration kRetryAfterMin = std::chrono::seconds(1);
constexpr Duration kRetryAfterMax = std::chrono::seconds(60);

std::uint64_t kv_blocks_of(const RequestSpec& request) {
  const std::uint32_t block = std::max<std::uint32_t>(1, request.block_tokens);
  return (std::uint64_t{request.prompt_tokens} + block - 1) / block;
}

}  // namespace

Duration SchedulerCore::slo_of(const RequestRecord& record) const {
  return record.spec.ttft_slo > Duration::zero() ? record.spec.ttft_slo : options_.ttft_slo;
}

bool SchedulerCore::has_open_window(InstanceId instance) const {
  const std::uint32_t window = *options_.dispatch_window_requests;
  // What another gateway owns, it holds.
  return window == 0 || !fleet_[instance].is_ours ||
         fleet_[instance].load.prefilling_requests < window;
}

void SchedulerCore::place(RequestRecord& record) {
  RoutingQuery query{.request = record.spec,
                     .candidates = fleet_.eligible(),
                     .ttft_slo = slo_of(record),
                     .now = now_};
  if (record.tried_count > 0) {
    find_untried(record, fleet_.eligible());
    if (untried_.empty()) find_untried(record, fleet_.suspects());
    query.candidates = untried_;
  }
  if (query.candidates.empty()) {
    return reject(
        record, ErrorCode::kUnavailable,
        record.tried_count > 0 ? "no instance is left to try" : "no instance is available");
  }
  const bool is_chosen = is_chosen_by_another(record);
  query.candidates =
      is_chosen ? std::span(&*record.spec.forwarded_to, 1) : parts_.narrowed(query, fleet_);
  if (needs_homes_) homes_.find(query, fleet_, homes_by_session_);
  const bool is_first = record.decision == 0;
  Admission* const admission = is_first && !is_chosen ? parts_.admission() : nullptr;
  const bool is_admitted = admission == nullptr || admission->admits(query, fleet_);
  RoutingDecision decision;
  parts_.policy().choose(query, fleet_, decision);
  if (needs_homes_ && is_first) homes_.observe(record.spec, fleet_.eligible().size());
  if (!decision.knows_cache) fill_in_cached_tokens(record, decision);
  decision.knows_cache = true;
  if (!is_admitted) {
    decision.is_refused = true;
    decision.reason = admission->refusal();
  }
  record.homes = query.homes;
  DecisionRecord& entry = log_decision(record, query, decision);
  if (watch_ != nullptr) {
    watch_->decided({.query = query,
                     .fleet = fleet_,
                     .policy = parts_.policy(),
                     .decision = decision,
                     .is_first = is_first,
                     .is_admitted = is_admitted,
                     .homes_of = needs_homes_ ? &homes_ : nullptr},
                    record, entry);
  }
  if (decision.is_refused) {
    return reject(record, ErrorCode::kOverloaded, "no instance can answer within the target");
  }
  if (has_open_window(decision.instance)) {
    dispatch(record);
  } else if (load_.held_requests >= options_.queue_requests_max) {
    return reject(record, ErrorCode::kOverloaded, "the queue of waiting requests is full");
  } else {
    hold(record);
    note(record, Happening::Kind::kHeld);
    actions_->emplace_back(Hold{record.spec.id, record.instance});
  }
  if (rebalancer_ != nullptr) rebalance_around(record);
}

bool SchedulerCore::is_chosen_by_another(const RequestRecord& record) const {
  const auto& chosen = record.spec.forwarded_to;
  return chosen && record.tried_count == 0 && fleet_.has(*chosen) && fleet_[*chosen].is_eligible;
}

void SchedulerCore::find_untried(const RequestRecord& record,
                                 std::span<const InstanceId> instances) {
  untried_.clear();
  std::ranges::copy_if(instances, std::back_inserter(untried_), [&](InstanceId instance) {
    return std::ranges::count(record.tried(), instance) == 0;
  });
}

void SchedulerCore::fill_in_cached_tokens(const RequestRecord& record,
                                          RoutingDecision& decision) const {
  std::array<InstanceId, RoutingDecision::kScoredMax> instances{};
  std::array<std::uint32_t, RoutingDecision::kScoredMax> blocks{};
  const auto scored = decision.scored();
  for (std::size_t i = 0; i < scored.size(); ++i) instances[i] = scored[i].instance;
  fleet_.residency().index().cached_blocks(record.spec.chain,
                                           std::span(instances).first(scored.size()),
                                           std::span(blocks).first(scored.size()));
  for (std::size_t i = 0; i < scored.size(); ++i) {
    scored[i].cached_tokens = tokens_of_blocks(record.spec, blocks[i]);
  }
}

DecisionRecord& SchedulerCore::log_decision(RequestRecord& record, const RoutingQuery& query,
                                            RoutingDecision& decision) {
  DecisionRecord& entry = decisions_.begin();
  entry.time = now_;
  entry.request = record.spec.id;
  entry.attempt = record.attempt + 1;
  entry.prompt_tokens = record.spec.prompt_tokens;
  entry.key_blocks = query.key_blocks;
  entry.chosen = decision.instance;
  entry.policy = parts_.policy().name();
  entry.reason = decision.reason;
  entry.held = !has_open_window(decision.instance);
  entry.candidates_considered = decision.considered();
  bool is_chosen_scored = false;
  for (const ScoredCandidate& candidate : decision.scored()) {
    const InstanceState& state = fleet_[candidate.instance];
    const std::uint32_t uncached =
        uncached_tokens(record.spec.prompt_tokens, candidate.cached_tokens);
    entry.candidates[entry.candidate_count++] = {
        .instance = candidate.instance,
        .cached_tokens = candidate.cached_tokens,
        .held_tokens = state.load.held_tokens,
        .sent_tokens = state.load.sent_tokens,
        .running_requests = state.load.decoding_requests,
        .estimated_ttft_seconds = estimated_ttft_seconds(state, uncached),
        .score = candidate.score};
    if (candidate.instance == decision.instance) {
      book_at(record, candidate.instance, candidate.cached_tokens);
      is_chosen_scored = true;
    }
  }
  RINGMASTER_CHECK(is_chosen_scored);
  record.decision = entry.id;
  return entry;
}

void SchedulerCore::note(const RequestRecord& record, Happening::Kind kind, std::string_view text) {
  if (record.explanation == 0) return;
  const bool is_dispatch = kind == Happening::Kind::kDispatched;
  watch_->happened(record, {.time = now_,
                            .kind = kind,
                            .instance = fleet_[record.instance].spec.name,
                            .attempt = is_dispatch ? record.attempt : 0,
                            .decision = is_dispatch ? record.decision : 0,
                            .text = text,
                            .cached_tokens = is_dispatch ? record.cached_tokens : 0});
}

void SchedulerCore::log_move(RequestRecord& record, InstanceId from,
                             std::uint32_t cached_at_source) {
  DecisionRecord& entry = decisions_.begin();
  entry.time = now_;
  entry.request = record.spec.id;
  entry.attempt = record.attempt + 1;
  entry.prompt_tokens = record.spec.prompt_tokens;
  entry.key_blocks = 0;
  entry.chosen = record.instance;
  entry.policy = "rebalancing";
  entry.reason = rebalancer_->reason();
  entry.held = true;
  entry.candidates_considered = 2;
  const auto add = [&](InstanceId instance, std::uint32_t cached) {
    const InstanceState& state = fleet_[instance];
    const double seconds =
        estimated_ttft_seconds(state, uncached_tokens(record.spec.prompt_tokens, cached));
    entry.candidates[entry.candidate_count++] = {.instance = instance,
                                                 .cached_tokens = cached,
                                                 .held_tokens = state.load.held_tokens,
                                                 .sent_tokens = state.load.sent_tokens,
                                                 .running_requests = state.load.decoding_requests,
                                                 .estimated_ttft_seconds = seconds,
                                                 .score = seconds};
  };
  add(from, cached_at_source);
  add(record.instance, record.cached_tokens);
  record.decision = entry.id;
}

void SchedulerCore::book_at(RequestRecord& record, InstanceId instance,
                            std::uint32_t cached_tokens) {
  record.instance = instance;
  record.cached_tokens = cached_tokens;
  record.booked_tokens = uncached_tokens(record.spec.prompt_tokens, cached_tokens);
}

Waiting SchedulerCore::waiting_of(const RequestRecord& record) const {
  return {.priority = record.spec.priority,
          .rank = record.queue_rank,
          .id = record.spec.id,
          .arrived_at = record.arrived_at,
          .deadline = record.arrived_at + slo_of(record),
          .tenant = record.spec.tenant,
          .record = record.index,
          .tokens = record.booked_tokens,
          .hit_tokens = record.cached_tokens};
}

void SchedulerCore::hold(RequestRecord& record) {
  record.phase = RequestPhase::kHeld;
  record.queue_rank = order_->rank(waiting_of(record));
  const Waiting waiting = waiting_of(record);
  queue(record.instance).push(waiting);
  order_->held(waiting);
  fleet_.at(record.instance).load.hold(record.booked_tokens);
  note_put_aside(record.instance);
  ++load_.held_requests;
  TimePoint due = record.queue_deadline;
  const TimePoint long_wait = record.arrived_at + Rebalancer::kWaitThreshold;
  if (rebalancer_ != nullptr && long_wait > now_) due = std::min(due, long_wait);
  timers_.set(record.index, due);
}

void SchedulerCore::unhold(RequestRecord& record) {
  const Waiting waiting = waiting_of(record);
  queue(record.instance).erase(waiting);
  order_->unheld(waiting);
  fleet_.at(record.instance).load.unhold(record.booked_tokens);
  --load_.held_requests;
  timers_.cancel(record.index);
}

void SchedulerCore::dispatch(RequestRecord& record) {
  InstanceState& state = fleet_.at(record.instance);
  state.load.begin_prefill(record.booked_tokens);
  record.dispatched_at = now_;
  record.tokens_at_dispatch = state.load.tokens_there();
  fleet_.note_sent(record.instance, now_);
  fleet_.note_request(record.booked_tokens, kv_blocks_of(record.spec));
  record.phase = RequestPhase::kPrefilling;
  ++record.attempt;
  record.add_tried(record.instance);
  ++load_.dispatched_requests;
  order_->dispatched(record.spec.tenant, record.booked_tokens);
  for (RequestObserver* observer : observers_) observer->dispatched(observed(record));
  record.believed_blocks = 0;
  note(record, Happening::Kind::kDispatched);
  if (!record.spec.first_token_visible) {
    const double seconds =
        static_cast<double>(state.load.tokens_there()) * state.prefill_seconds_per_token;
    timers_.set(record.index, now_ + from_seconds(std::min(seconds, kPrefillSecondsMax)));
  }
  actions_->emplace_back(Dispatch{.request = record.spec.id,
                                  .attempt = record.attempt,
                                  .instance = record.instance,
                                  .decision = record.decision,
                                  .expected_cached_tokens = record.cached_tokens});
}

PickContext SchedulerCore::pick_context(InstanceId instance) const {
  const InstanceState& state = fleet_[instance];
  return {
      .now = now_,
      .prefill_seconds_per_token = state.prefill_seconds_per_token * fleet_.prefill_pace().factor(),
      .sent_tokens = state.load.tokens_there()};
}

std::uint32_t SchedulerCore::next_held(InstanceId instance) {
  const auto leading = queue(instance).leading();
  return leading[order_->pick(leading, pick_context(instance))].record;
}

void SchedulerCore::note_put_aside(InstanceId instance) {
  if (queue(instance).empty()) return;  // Nothing is: unhold() has seen to it.
  fleet_.at(instance).load.put_aside_tokens =
      order_->put_aside_tokens(queue(instance).leading(), pick_context(instance));
}

void SchedulerCore::dispatch_held(InstanceId instance) {
  if (!fleet_.has(instance)) return;
  while (!queue(instance).empty() && has_open_window(instance)) {
    RequestRecord& record = requests_.at(next_held(instance));
    unhold(record);
    // What ran meanwhile may have left more of this prompt in the cache.
    book_at(record, instance, fleet_.cached_tokens(record.spec, instance));
    dispatch(record);
    note_put_aside(instance);
  }
}

void SchedulerCore::rebalance_around(const RequestRecord& record) {
  if (rebalancer_->looks_at_all()) {
    for (std::uint32_t slot = 0; slot < queues_.size(); ++slot) rebalance({slot});
    return;
  }
  const Homes homes = record.homes;  // A copy: the record may go.
  const InstanceId instance = record.instance;
  for (const InstanceId home : homes.span()) rebalance(home);
  if (std::ranges::count(homes.span(), instance) == 0) rebalance(instance);
}

void SchedulerCore::rebalance(InstanceId source) {
  if (rebalancer_ == nullptr || !fleet_.has(source) || queue(source).empty()) return;
  if (!rebalancer_->needs_relief(source, now_)) return;
  rebalancer_->begin(source, now_);
  while (const auto move = rebalancer_->next()) {
    move_held(requests_.at(move->record), move->to, move->cached_tokens);
  }
}

void SchedulerCore::move_held(RequestRecord& record, InstanceId to, std::uint32_t cached_tokens) {
  const InstanceId from = record.instance;
  const std::uint32_t cached_at_source = record.cached_tokens;
  unhold(record);
  book_at(record, to, cached_tokens);
  log_move(record, from, cached_at_source);
  if (record.explanation != 0) {
    watch_->happened(record, {.time = now_,
                              .kind = Happening::Kind::kMoved,
                              .instance = fleet_[to].spec.name,
                              .from = fleet_[from].spec.name,
                              .decision = record.decision,
                              .text = rebalancer_->reason()});
  }
  hold(record);
  ++load_.moves;
  actions_->emplace_back(Move{record.spec.id, from, to});
  dispatch_held(to);
}

void SchedulerCore::instance_freed(InstanceId instance) {
  if (rebalancer_ != nullptr && rebalancer_->looks_at_all()) {
    for (std::uint32_t slot = 0; slot < queues_.size(); ++slot) rebalance({slot});
  } else {
    rebalance(instance);
  }
  dispatch_held(instance);
}

void SchedulerCore::end_prefill(RequestRecord& record) {
  InstanceState& state = fleet_.at(record.instance);
  state.load.end_prefill(record.booked_tokens);
  state.load.begin_decode(kv_blocks_of(record.spec));
  fleet_.note_sent(record.instance, now_);
  record.phase = RequestPhase::kDecoding;
  timers_.cancel(record.index);
  note(record, Happening::Kind::kFirstToken,
       record.spec.first_token_visible ? "" : "not seen, taken as out by now");
  Residency& residency = fleet_.residency();
  const std::uint32_t had =
      residency.prompt_computed(record.instance, record.spec.chain, record.spec.block_tokens);
  if (residency.source(record.instance) != ResidencySource::kMirror) return;
  state.residency_time = now_;
  const std::uint32_t block = std::max<std::uint32_t>(1, record.spec.block_tokens);
  record.believed_blocks = std::min(had, record.cached_tokens / block);
}

ObservedRequest SchedulerCore::observed(const RequestRecord& record) const {
  return {.request = record.spec,
          .instance = record.instance,
          .now = now_,
          .since_arrival = now_ - record.arrived_at,
          .booked_tokens = record.booked_tokens};
}

void SchedulerCore::release_sent(RequestRecord& record,
                                 std::optional<std::uint32_t> output_tokens) {
  for (RequestObserver* observer : observers_) {
    ObservedRequest seen = observed(record);
    seen.output_tokens = output_tokens;
    observer->ended(seen);
  }
  InstanceLoad& load = fleet_.at(record.instance).load;
  if (record.phase == RequestPhase::kPrefilling) {
    load.end_prefill(record.booked_tokens);
  } else {
    load.end_decode(kv_blocks_of(record.spec));
  }
  fleet_.note_sent(record.instance, now_);
  timers_.cancel(record.index);
  --load_.dispatched_requests;
}

void SchedulerCore::forget(RequestRecord& record) {
  if (record.is_retry) retries_.end();
  requests_.erase(record);
}

void SchedulerCore::reject(RequestRecord& record, ErrorCode code, const char* message) {
  Duration retry_after = kRetryAfterMin;
  if (code == ErrorCode::kOverloaded) {
    retry_after = std::clamp(from_seconds(estimated_ttft_seconds(fleet_[record.instance], 0)),
                             kRetryAfterMin, kRetryAfterMax);
  }
  actions_->emplace_back(Reject{.request = record.spec.id,
                                .error = {.code = code,
                                          .origin = ErrorOrigin::kRouter,
                                          .retryable = true,
                                          .message = message},
                                .retry_after = retry_after});
  note(record, Happening::Kind::kRejected, message);
  forget(record);
}

}  // namespace ringmaster
