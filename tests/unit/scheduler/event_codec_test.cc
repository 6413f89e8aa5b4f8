#include "scheduler/event_codec.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/scheduler/scheduler_driver.h"

namespace ringmaster {
namespace {

std::string event_line(const Event& event, std::int64_t nanoseconds = 17) {
  std::string line;
  append_event_line(line, event, TimePoint(Duration(nanoseconds)));
  line.pop_back();
  return line;
}

std::string action_line(const Action& action) {
  std::string line;
  append_action_line(line, action);
  line.pop_back();
  return line;
}

std::string again(const std::string& line) {
  const auto timed = parse_event_line(line);
  if (!timed) return timed.error().message;
  return event_line(timed->event, timed->time.time_since_epoch().count());
}

std::string error_of(const std::string& line) {
  const auto timed = parse_event_line(line);
  return timed ? "no error" : timed.error().message;
}

TEST(EventCodec, WritesOneLinePerEventWithTimeNameAndFields) {
  EXPECT_EQ(event_line(FirstToken{{3}, 2}), "17 first_token id=3 attempt=2");
  EXPECT_EQ(event_line(Tick{}, -5), "-5 tick");
}

TEST(EventCodec, ReadsBackEveryEvent) {
  RequestSpec full{.id = {9},
                   .prompt_tokens = 70,
                   .chain = {{.low = 1, .high = 2}, {.low = ~0ULL, .high = 0}},
                   .block_tokens = 16,
                   .session = 5,
                   .tenant = 6,
                   .adapter = 7,
                   .priority = -3,
                   .ttft_slo = std::chrono::seconds(2),
                   .queue_deadline = std::chrono::seconds(30),
                   .output_tokens_max = 8,
                   .steps_to_execution = 2,
                   .forwarded_to = InstanceId{3},
                   .first_token_visible = false};
  const std::vector<Event> events{
      RequestArrived{full},
      RequestArrived{RequestSpec{.id = {1}}},
      FirstToken{{1}, 1},
      RequestFinished{{1}, 2, 30, 64},
      RequestFinished{{1}, 2, 30, std::nullopt},
      RequestFailed{{1}, 1, true},
      RequestFailed{{1}, 1, true, true},
      RequestCancelled{{8}},
      InstanceReported{{2},
                       {.running_requests = 1, .kv_usage = 0.1, .time = TimePoint(Duration(4))}},
      InstanceReported{{2}, {.waiting_requests = 0, .queued_prefill_tokens = 7}},
      InstanceReported{{2}, {.is_of_owner = true, .put_aside_tokens = 5}},
      KvBlocksStored{{1}, {{.low = 3, .high = 4}}},
      KvBlocksRemoved{{1}, {}},
      KvCleared{{1}},
      InstanceAdded{{4}, {.name = "a b%\n", .capacity = 0.3}, ResidencySource::kEvents},
      InstanceAdded{
          .instance = {4}, .spec = {.name = "a"}, .residency = {}, .health = Health::kSuspect},
      InstanceRemoved{{4}},
      InstanceDraining{{4}, false},
      HealthChanged{{4}, Health::kSuspect},
      OwnerChanged{{4}, false},
      Tick{}};
  for (const Event& event : events) {
    const std::string line = event_line(event);
    EXPECT_EQ(again(line), line);
  }
}

TEST(EventCodec, KeepsTextOnOneLine) {
  const std::string line = event_line(InstanceAdded{{0}, {.name = "a b\n\xc3\xa9"}});
  EXPECT_NE(line.find("name=a%20b%0a%c3%a9 "), std::string::npos) << line;
}

TEST(EventCodec, ReadsBackEveryAction) {
  const std::vector<Action> actions{
      Dispatch{{1}, 2, {3}, 4, 5},
      Hold{{1}, {2}},
      Move{{1}, {2}, {3}},
      Reject{{1},
             {.code = ErrorCode::kOverloaded, .retryable = true, .message = "no room"},
             std::chrono::seconds(1)},
      Reject{
          {1}, {.code = ErrorCode::kUnavailable, .origin = ErrorOrigin::kInstance}, std::nullopt},
      Cancel{{1}, 1, {0}},
      Prefetch{{2}, {{.low = 3, .high = 4}, {.low = 5, .high = 6}}, 7},
      Wake{TimePoint(Duration(99))}};
  for (const Action& action : actions) {
    const std::string line = action_line(action);
    ASSERT_TRUE(is_action_line(line));
    const auto parsed = parse_action_line(line);
    ASSERT_TRUE(parsed) << line << ": " << parsed.error().message;
    EXPECT_EQ(action_line(*parsed), line);
  }
}

TEST(EventCodec, NamesTheFieldAndWhatWasExpected) {
  EXPECT_EQ(error_of("x tick"), "'x': expected a whole number");
  EXPECT_EQ(error_of("1 dance"), "unknown event 'dance'");
  EXPECT_EQ(error_of("1 first_token id=1"), "field 'attempt' is missing");
  EXPECT_EQ(error_of("1 first_token id=-1 attempt=1"),
            "id: expected a whole number of at most 18446744073709551615");
  EXPECT_EQ(error_of("1 tick id=1"), "unknown field 'id'");
  EXPECT_EQ(error_of("1 tick tock"), "'tock': expected key=value");
  EXPECT_EQ(error_of("1 kv_cleared instance=1 instance=1"), "field 'instance' comes twice");
  EXPECT_EQ(error_of("1 health instance=1 health=fine"),
            "health: expected one of healthy, suspect, dead");
  EXPECT_EQ(error_of("1 kv_stored instance=1 blocks=12"),
            "blocks: expected 32 hexadecimal digits for each block");
}

TEST(EventCodec, HeaderCarriesEveryOption) {
  SchedulerOptions options = SchedulerDriver::policy("dualmap:variant=code,rebalance=off");
  options.queue = QueueDiscipline::kFcfs;
  options.rebalancing = Rebalancing::kCode;
  options.dispatch_window_requests = 3;
  options.retry_budget_share = 0.25;
  options.seed = 7;
  std::string line;
  append_header_line(line, options);
  line.pop_back();
  const auto parsed = parse_header_line(line);
  ASSERT_TRUE(parsed) << parsed.error().message;
  std::string second;
  append_header_line(second, *parsed);
  EXPECT_EQ(second, line + "\n");
}

TEST(EventCodec, RefusesAnotherVersion) {
  const auto parsed = parse_header_line("ringmaster-record 2 policy=dualmap");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().message, "recording of version 2: expected version 1");
}

/// Runs events through a scheduler and returns the recording: header, events, actions.
class Recorder {
 public:
  explicit Recorder(const SchedulerOptions& options)
      : scheduler_(Scheduler::create(options).value()) {
    append_header_line(recording, options);
  }

  void apply(const Event& event, TimePoint now) {
    append_event_line(recording, event, now);
    actions_.clear();
    scheduler_->apply(event, now, actions_);
    for (const Action& action : actions_) append_action_line(recording, action);
  }

  [[nodiscard]] const ActionList& actions() const { return actions_; }

  std::string recording;

 private:
  std::unique_ptr<Scheduler> scheduler_;
  ActionList actions_;
};

std::string random_recording(const std::string& policy, std::uint64_t seed) {
  Random random(seed);
  Recorder recorder(SchedulerDriver::policy(policy));
  TimePoint now{};
  for (std::uint32_t slot = 0; slot < 4; ++slot) {
    recorder.apply(InstanceAdded{{slot}, {.name = "i" + std::to_string(slot)}}, now);
  }
  std::vector<Dispatch> sent;
  for (std::uint64_t id = 1; id <= 600; ++id) {
    now += Duration(static_cast<std::int64_t>(random.below(400'000'000)));
    Event event = Tick{};
    if (!sent.empty() && random.below(2) == 0) {
      const std::size_t chosen = random.below(sent.size());
      const Dispatch dispatch = sent[chosen];
      sent.erase(sent.begin() + static_cast<std::ptrdiff_t>(chosen));
      event = random.below(8) == 0
                  ? Event(RequestFailed{dispatch.request, dispatch.attempt, true})
                  : Event(RequestFinished{dispatch.request, dispatch.attempt, 5, std::nullopt});
    } else if (random.below(30) == 0) {
      event = HealthChanged{{static_cast<std::uint32_t>(random.below(4))},
                            static_cast<Health>(random.below(3))};
    } else {
      event = RequestArrived{SchedulerDriver::request(
          id, 100 + static_cast<std::uint32_t>(random.below(20'000)), 1 + random.below(9))};
    }
    recorder.apply(event, now);
    for (const Dispatch& dispatch : SchedulerDriver::of<Dispatch>(recorder.actions())) {
      sent.push_back(dispatch);
    }
  }
  return recorder.recording;
}

std::string replay(const std::string& recording) {
  std::optional<Recorder> recorder;
  for (std::size_t begin = 0; begin < recording.size();) {
    const std::size_t end = recording.find('\n', begin);
    const std::string_view line = std::string_view(recording).substr(begin, end - begin);
    begin = end + 1;
    if (!recorder) {
      recorder.emplace(parse_header_line(line).value());
    } else if (!is_action_line(line)) {
      const TimedEvent timed = parse_event_line(line).value();
      recorder->apply(timed.event, timed.time);
    }
  }
  return recorder->recording;
}

TEST(Recording, ReplaysToTheSameBytes) {
  for (const char* policy : {"dualmap", "dualmap:variant=code", "random", "power_of_two"}) {
    const std::string recording = random_recording(policy, 3);
    ASSERT_GT(recording.size(), 100'000U);
    EXPECT_EQ(replay(recording), recording) << policy;
  }
}

}  // namespace
}  // namespace ringmaster
