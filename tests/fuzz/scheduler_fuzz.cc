// fuzz: scheduler
//
// Bytes become options and then events, one to four bytes each; after every event the invariants
// of the scheduler are checked from outside, against a plain account of what it was told and what
// it answered. Ends by ending every request and checking that nothing is left behind.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "policies/part_registry.h"
#include "policies/policy_registry.h"
#include "scheduler/event_codec.h"
#include "scheduler/scheduler.h"

namespace ringmaster {
namespace {

constexpr std::uint32_t kSlots = 6;
constexpr std::uint32_t kBlockTokens = 100;

class ByteSource {
 public:
  ByteSource(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}

  [[nodiscard]] bool empty() const { return left_ == 0; }
  std::uint32_t byte() {
    if (left_ == 0) return 0;
    --left_;
    return *data_++;
  }
  std::uint32_t below(std::uint32_t bound) { return byte() % bound; }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

SchedulerOptions read_options(ByteSource& bytes) {
  const auto names = policy_names();
  SchedulerOptions options;
  options.policy.name = names[bytes.below(static_cast<std::uint32_t>(names.size()))];
  if (options.policy.name == "dualmap" && bytes.below(2) == 1) {
    options.policy.options = {{"variant", "code"}};
  }
  const std::uint32_t forms = bytes.byte();
  if (forms & 1U) {
    options.queue = static_cast<QueueDiscipline>((forms >> 1U) % kQueueDisciplineNames.size());
  }
  if (forms & 4U) {
    options.rebalancing = static_cast<Rebalancing>((forms >> 3U) % kRebalancingNames.size());
  }
  if (forms & 32U) options.dispatch_window_requests = forms >> 6U;
  const std::uint32_t parts = bytes.byte();
  const auto part = [&](std::span<const std::string_view> known) {
    return PolicyConfig{.name = std::string(known[(parts >> 3U) % known.size()]), .options = {}};
  };
  if (parts & 1U) options.filters = {part(filter_names())};
  if (parts & 2U) {
    options.veto = part(veto_names());
    options.veto->options = {{"kv_tokens", "2000"}};
  }
  if (parts & 4U) options.admission = part(admission_names());
  options.queue_requests_max = bytes.below(24);
  options.attempts_max = 1 + bytes.below(4);
  options.index_blocks_max = 1 + bytes.byte();
  options.ring_points = 8;
  options.decision_log_size = 1 + bytes.below(8);
  // Watching changes no action, so it takes no bytes of its own.
  options.explain = {.kept = options.decision_log_size,
                     .interval = Duration::zero(),
                     .others = options.attempts_max == 4,
                     .others_see_all = options.queue_requests_max % 2 == 0};
  options.shadow = PolicyConfig{.name = std::string(names[options.index_blocks_max % names.size()]),
                                .options = {}};
  return options;
}

/// What the outside knows of a request that has not ended.
struct Expected {
  bool is_sent = false;
  std::uint32_t attempt = 0;
  InstanceId instance;
};

class Session {
 public:
  explicit Session(ByteSource bytes)
      : bytes_(bytes), options_(read_options(bytes_)), scheduler_(make()) {
    for (std::uint32_t slot = 0; slot < 3; ++slot) add_instance({slot});
  }

  void run() {
    while (!bytes_.empty()) step();
    end_everything();
  }

 private:
  std::unique_ptr<Scheduler> make() {
    auto made = Scheduler::create(options_);
    RINGMASTER_CHECK(made.has_value());
    return std::move(*made);
  }

  void step() {
    now_ += std::chrono::milliseconds(bytes_.byte() * bytes_.below(8));
    // What has come due by now happens before the event: let it, so that the account below knows.
    apply(Tick{});
    switch (bytes_.below(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return arrive();
      case 4:
      case 5:
        return about_attempt([](RequestId id, std::uint32_t attempt) -> Event {
          return FirstToken{id, attempt};
        });
      case 6:
      case 7:
        return finish();
      case 8:
        return fail();
      case 9:
        return cancel();
      case 10:
        return add_instance({bytes_.below(kSlots)});
      case 11:
        return remove_instance({bytes_.below(kSlots)});
      case 12:
        return apply(HealthChanged{{bytes_.below(kSlots)}, static_cast<Health>(bytes_.below(3))});
      case 13:
        return apply(InstanceDraining{{bytes_.below(kSlots)}, bytes_.below(2) == 1});
      case 14:
        return kv_event();
      default:
        return peer_event();
    }
  }

  PrefixChain chain() {
    PrefixChain blocks;
    std::uint64_t node = 1 + bytes_.below(4);
    for (std::uint32_t length = bytes_.below(12); blocks.size() < length; node = node * 3 + 1) {
      blocks.push_back({.low = mix64(node), .high = node});
    }
    return blocks;
  }

  void arrive() {
    RequestSpec spec{.id = {++last_id_}, .chain = chain(), .block_tokens = kBlockTokens};
    spec.prompt_tokens =
        static_cast<std::uint32_t>(spec.chain.size()) * kBlockTokens + bytes_.below(200);
    const std::uint32_t traits = bytes_.byte();
    spec.first_token_visible = (traits & 1U) == 0;
    if (traits & 2U) spec.priority = static_cast<std::int32_t>(traits >> 6U) - 1;
    spec.session = traits >> 4U & 3U;
    spec.adapter = traits >> 5U & 3U;
    spec.steps_to_execution = traits >> 6U;
    if ((traits & 24U) == 24U) spec.forwarded_to = InstanceId{bytes_.below(kSlots + 1)};
    if (spec.chain.empty() && traits >= 128U) spec.block_tokens = 0;
    if (traits & 4U) spec.queue_deadline = std::chrono::milliseconds(1 + (traits >> 3U) * 50);
    live_.emplace(last_id_, Expected{});
    apply(RequestArrived{std::move(spec)});
  }

  /// An id that may be live, ended or never seen.
  RequestId any_request() {
    const std::uint32_t choice = bytes_.byte();
    if (live_.empty() || choice % 8 == 0) return {choice};
    auto found = live_.begin();
    std::advance(found, choice % live_.size());
    return {found->first};
  }

  template <class Make>
  void about_attempt(const Make& make) {
    const RequestId id = any_request();
    const auto found = live_.find(id.value);
    // Now and then about an attempt that was given up or never made.
    const std::uint32_t off = bytes_.below(8) == 0 ? 1 : 0;
    apply(make(id, (found == live_.end() ? 1 : found->second.attempt) + off));
  }

  [[nodiscard]] bool is_current(RequestId id, std::uint32_t attempt) const {
    const auto found = live_.find(id.value);
    return found != live_.end() && found->second.is_sent && found->second.attempt == attempt;
  }

  void finish() {
    about_attempt([this](RequestId id, std::uint32_t attempt) -> Event {
      if (is_current(id, attempt)) live_.erase(id.value);
      return RequestFinished{id, attempt, 3, std::nullopt};
    });
  }

  void fail() {
    const bool may_retry = bytes_.below(4) != 0;
    const bool lost_instance = bytes_.below(4) == 0;
    about_attempt([&](RequestId id, std::uint32_t attempt) -> Event {
      if (is_current(id, attempt)) {
        if (may_retry) {
          live_[id.value].is_sent = false;
        } else {
          live_.erase(id.value);
        }
      }
      return RequestFailed{id, attempt, may_retry, lost_instance};
    });
  }

  void cancel() {
    const RequestId id = any_request();
    live_.erase(id.value);
    apply(RequestCancelled{id});
  }

  void add_instance(InstanceId instance) {
    apply(InstanceAdded{instance,
                        {.name = "i" + std::to_string(instance.value),
                         .capacity = 0.5 + bytes_.below(4),
                         .prefill_seconds_per_token = 0.001,
                         .kv_cache_tokens = 100 * bytes_.below(30)},
                        static_cast<ResidencySource>(bytes_.below(2))});
  }

  void remove_instance(InstanceId instance) {
    removed_ = instance;
    of_others_.erase(instance.value);
    apply(InstanceRemoved{instance});
    removed_.reset();
  }

  void kv_event() {
    const InstanceId instance{bytes_.below(kSlots)};
    const std::uint32_t choice = bytes_.below(5);
    if (choice == 0) return apply(KvCleared{instance});
    if (choice == 1) {
      return apply(InstanceReported{instance, {.running_requests = choice, .time = now_}});
    }
    if (choice == 2) return apply(KvBlocksRemoved{instance, chain()});
    apply(KvBlocksStored{instance, chain()});
  }

  void change_owner(InstanceId instance, bool is_ours) {
    const auto statuses = scheduler_->instances();
    if (is_ours) {
      of_others_.erase(instance.value);
    } else if (std::ranges::count(statuses, instance, &InstanceStatus::id) > 0) {
      of_others_.insert(instance.value);
      has_had_others_ = true;
    }
    apply(OwnerChanged{instance, is_ours});
  }

  void peer_event() {
    const InstanceId instance{bytes_.below(kSlots)};
    const std::uint32_t choice = bytes_.below(4);
    if (choice < 2) return change_owner(instance, choice == 1);
    if (choice == 2) return apply(Tick{});
    apply(InstanceReported{instance,
                           {.running_requests = bytes_.below(4),
                            .waiting_requests = bytes_.below(4),
                            .queued_prefill_tokens = 100 * bytes_.below(8),
                            .is_of_owner = true,
                            .put_aside_tokens = 100 * bytes_.below(8),
                            .time = now_}});
  }

  void apply(Event event) {
    check_round_trip(event);
    actions_.clear();
    scheduler_->apply(std::move(event), now_, actions_);
    for (const Action& action : actions_) {
      std::visit([this](const auto& done) { note(done); }, action);
    }
    if (removed_) forget_answered_at(*removed_);
    check_invariants();
  }

  void check_round_trip(const Event& event) {
    std::string line;
    append_event_line(line, event, now_);
    const auto parsed = parse_event_line(std::string_view(line).substr(0, line.size() - 1));
    RINGMASTER_CHECK(parsed.has_value());
    std::string again;
    append_event_line(again, parsed->event, parsed->time);
    RINGMASTER_CHECK(again == line);
  }

  void note(const Dispatch& dispatch) {
    const auto found = live_.find(dispatch.request.value);
    RINGMASTER_CHECK(found != live_.end() && !found->second.is_sent);
    RINGMASTER_CHECK(dispatch.attempt == found->second.attempt + 1);
    RINGMASTER_CHECK(dispatch.attempt <= options_.attempts_max);
    found->second = {.is_sent = true, .attempt = dispatch.attempt, .instance = dispatch.instance};
  }
  void note(const Reject& reject) {
    const auto found = live_.find(reject.request.value);
    RINGMASTER_CHECK(found != live_.end() && !found->second.is_sent);
    live_.erase(found);
  }
  void note(const Cancel& cancel) {
    // Of a client that left, or of an instance that did.
    const auto found = live_.find(cancel.request.value);
    if (found != live_.end()) found->second.is_sent = false;
  }
  void note(const Hold& hold) const { check_waiting(hold.request); }
  void note(const Move& move) const {
    check_waiting(move.request);
    RINGMASTER_CHECK(move.from != move.to);
  }
  void note(const Prefetch& prefetch) const {
    RINGMASTER_CHECK(!prefetch.chain.empty() && prefetch.steps >= 1);
  }
  void note(const Wake& wake) const { RINGMASTER_CHECK(wake.at > now_); }

  void check_waiting(RequestId id) const {
    const auto found = live_.find(id.value);
    RINGMASTER_CHECK(found != live_.end() && !found->second.is_sent);
  }

  /// Requests that were decoding on a removed instance run on unobserved.
  void forget_answered_at(InstanceId instance) {
    std::erase_if(live_, [&](const auto& entry) {
      return entry.second.is_sent && entry.second.instance == instance;
    });
  }

  void check_invariants() const {
    std::uint64_t held = 0;
    std::uint64_t sent = 0;
    for (const InstanceStatus& status : scheduler_->instances()) {
      held += status.held_requests;
      sent += status.prefilling_requests + status.decoding_requests;
      RINGMASTER_CHECK(status.held_requests > 0 || status.held_tokens == 0);
      RINGMASTER_CHECK(status.prefilling_requests > 0 || status.sent_tokens == 0);
      const std::uint32_t window = *scheduler_->options().dispatch_window_requests;
      // The window of another gateway's instance is open, and what went through it stays there when
      // the instance becomes ours.
      RINGMASTER_CHECK(window == 0 || status.prefilling_requests <= window || has_had_others_);
      RINGMASTER_CHECK(window == 0 || status.held_requests == 0 ||
                       status.prefilling_requests >= window);
      RINGMASTER_CHECK(status.held_requests == 0 || !of_others_.contains(status.id.value));
    }
    std::uint64_t expected_sent = 0;
    for (const auto& [id, request] : live_) expected_sent += request.is_sent ? 1 : 0;
    const SchedulerLoad load = scheduler_->load();
    RINGMASTER_CHECK(sent == expected_sent && load.dispatched_requests == sent);
    RINGMASTER_CHECK(held == live_.size() - expected_sent && load.held_requests == held);
    RINGMASTER_CHECK(held <= options_.queue_requests_max);
    RINGMASTER_CHECK(load.index_blocks <= options_.index_blocks_max);
  }

  void end_everything() {
    while (!live_.empty()) {
      const auto [id, request] = *live_.begin();
      live_.erase(live_.begin());
      if (request.is_sent) {
        apply(RequestFinished{{id}, request.attempt, 1, std::nullopt});
      } else {
        apply(RequestCancelled{{id}});
      }
    }
    const SchedulerLoad load = scheduler_->load();
    RINGMASTER_CHECK(load.held_requests == 0 && load.dispatched_requests == 0);
  }

  ByteSource bytes_;
  SchedulerOptions options_;
  std::unique_ptr<Scheduler> scheduler_;
  std::map<std::uint64_t, Expected> live_;
  ActionList actions_;
  TimePoint now_{};
  std::uint64_t last_id_ = 0;
  std::optional<InstanceId> removed_;
  std::set<std::uint32_t> of_others_;  // Places of instances that another gateway owns.
  bool has_had_others_ = false;
};

}  // namespace
}  // namespace ringmaster

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ringmaster::Session(ringmaster::ByteSource(data, size)).run();
  return 0;
}
