// Every policy with every queue discipline, form of moving and part beside it.

#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "policies/part_registry.h"
#include "policies/policy_registry.h"
#include "scheduler/event_codec.h"
#include "scheduler/scheduler.h"
#include "sim/simulation.h"
#include "synthetic_workload.h"

namespace ringmaster::sim {
namespace {

constexpr std::size_t kRequests = 400;

/// A load just past what the fleet can do, so that queues matter; two tenants, some sessions and
/// adapters, two priorities.
Workload mixed_workload() {
  Random random(7);
  Trace trace = conversation_trace(7, kRequests);
  for (TraceRecord& record : trace.records) {
    record.labels.session = 1 + random.below(30);
    record.labels.tenant = 1 + random.below(2);
    record.labels.adapter = random.below(3);
    record.labels.priority = static_cast<std::int32_t>(random.below(2));
    record.labels.steps_to_execution = static_cast<std::uint32_t>(random.below(3));
  }
  return Workload::make(trace, {}).value();
}

SimulationOptions held_fleet(std::string_view policy, QueueDiscipline queue) {
  SimulationOptions options = fleet_of(4, policy, ModelKind::kBatching);
  options.scheduler.queue = queue;
  options.scheduler.dispatch_window_requests = 1;
  return options;
}

void expect_all_answered(const SimulationOutcome& outcome) {
  ASSERT_EQ(outcome.requests.size(), kRequests);
  for (const RequestOutcome& request : outcome.requests) {
    ASSERT_FALSE(request.is_rejected);
    ASSERT_EQ(request.attempts, 1U);
    ASSERT_GE(request.finished, request.first_token);
  }
}

class AnyPolicyWithAnyQueue
    : public testing::TestWithParam<std::tuple<std::string_view, std::size_t>> {};

// simulate() itself fails if a request is left without an answer.
TEST_P(AnyPolicyWithAnyQueue, AnswersEveryRequestOnceAndTheSameWayAgain) {
  const auto [policy, queue] = GetParam();
  std::string name(policy);
  if (policy == "mooncake") name += ":reject=off";
  const auto options = held_fleet(name, static_cast<QueueDiscipline>(queue));
  const Workload workload = mixed_workload();
  const auto arrivals = poisson_arrivals(7, kRequests, 4.0);
  const auto first = simulate(workload, arrivals, 0, options).value();
  expect_all_answered(first);
  const auto second = simulate(workload, arrivals, 0, options).value();
  for (std::size_t i = 0; i < kRequests; ++i) {
    ASSERT_EQ(first.requests[i].instance, second.requests[i].instance) << "request " << i;
    ASSERT_EQ(first.requests[i].first_token, second.requests[i].first_token) << "request " << i;
  }
}

/// What a scheduler has booked after all events of a recording.
void expect_nothing_booked_after(std::string_view recording) {
  const auto next_line = [&] {
    const std::size_t end = recording.find('\n');
    const std::string_view line = recording.substr(0, end);
    recording.remove_prefix(end + 1);
    return line;
  };
  const auto scheduler = Scheduler::create(parse_header_line(next_line()).value()).value();
  ActionList actions;
  while (!recording.empty()) {
    const std::string_view line = next_line();
    if (is_action_line(line)) continue;
    auto timed = parse_event_line(line).value();
    scheduler->apply(std::move(timed.event), timed.time, actions);
  }
  EXPECT_EQ(scheduler->load().held_requests, 0U);
  EXPECT_EQ(scheduler->load().dispatched_requests, 0U);
  for (const InstanceStatus& status : scheduler->instances()) {
    EXPECT_EQ(status.held_tokens + status.sent_tokens, 0U) << status.name;
    EXPECT_EQ(status.held_requests + status.prefilling_requests + status.decoding_requests, 0U);
  }
}

TEST_P(AnyPolicyWithAnyQueue, BooksNothingOnceAllIsAnswered) {
  const auto [policy, queue] = GetParam();
  auto options = held_fleet(policy, static_cast<QueueDiscipline>(queue));
  std::string recording;
  options.recording = &recording;
  ASSERT_TRUE(simulate(mixed_workload(), poisson_arrivals(7, kRequests, 4.0), 0, options));
  expect_nothing_booked_after(recording);
}

INSTANTIATE_TEST_SUITE_P(
    All, AnyPolicyWithAnyQueue,
    testing::Combine(testing::ValuesIn(policy_names().begin(), policy_names().end()),
                     testing::Range<std::size_t>(0, kQueueDisciplineNames.size())),
    [](const auto& test) {
      return std::string(std::get<0>(test.param)) + "_" +
             std::string(kQueueDisciplineNames[std::get<1>(test.param)]);
    });

class AnyComposition : public testing::TestWithParam<std::string_view> {
 protected:
  SimulationOptions options(std::string_view more = {}) {
    std::string name(GetParam());
    if (name == "mooncake") name += ":reject=off";
    return held_fleet(name + std::string(more), QueueDiscipline::kFcfs);
  }
  SimulationOutcome run(const SimulationOptions& options) {
    return simulate(mixed_workload(), poisson_arrivals(7, kRequests, 4.0), 0, options).value();
  }
};

TEST_P(AnyComposition, MovesWhatWaitsInEveryForm) {
  for (const Rebalancing form : {Rebalancing::kPaper, Rebalancing::kCode, Rebalancing::kFreeness}) {
    auto with = options();
    with.scheduler.rebalancing = form;
    expect_all_answered(run(with));
  }
}

TEST_P(AnyComposition, WorksBehindEveryFilterAndVeto) {
  for (const std::string_view filter : filter_names()) {
    auto with = options();
    with.scheduler.filters = {{.name = std::string(filter)}};
    expect_all_answered(run(with));
  }
  for (const std::string_view veto : veto_names()) {
    auto with = options();
    with.scheduler.veto =
        PolicyConfig{.name = std::string(veto), .options = {{"kv_tokens", "60000"}}};
    expect_all_answered(run(with));
  }
}

TEST_P(AnyComposition, MayBeRefusedEarlyButLosesNobody) {
  auto with = options();
  with.scheduler.admission =
      PolicyConfig{.name = "early_rejection", .options = {{"reject_above", "0.2"}}};
  with.scheduler.ttft_slo = std::chrono::seconds(1);
  std::size_t rejected = 0;
  for (const RequestOutcome& request : run(with).requests) rejected += request.is_rejected ? 1 : 0;
  EXPECT_GT(rejected, 0U);
  EXPECT_LT(rejected, kRequests);
}

TEST_P(AnyComposition, ShedsOnlyWhatHasALowPriority) {
  auto with = options();
  with.scheduler.admission = PolicyConfig{.name = "shed_low_priority", .options = {{"below", "1"}}};
  with.scheduler.ttft_slo = std::chrono::seconds(1);
  const auto outcome = run(with);
  const Workload workload = mixed_workload();
  for (std::size_t i = 0; i < kRequests; ++i) {
    if (!outcome.requests[i].is_rejected) continue;
    EXPECT_EQ(workload.requests()[i].labels.priority, 0) << "request " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(All, AnyComposition,
                         testing::ValuesIn(policy_names().begin(), policy_names().end()),
                         [](const auto& test) { return std::string(test.param); });

/// One busy instance.
class AnyQueue : public testing::TestWithParam<std::size_t> {};

TEST_P(AnyQueue, StandsBelowPriorities) {
  Trace trace = conversation_trace(3, kRequests);
  for (std::size_t i = 0; i < kRequests; ++i) {
    trace.records[i].labels.priority = static_cast<std::int32_t>(i % 2);
  }
  const Workload workload = Workload::make(trace, {}).value();
  auto options = fleet_of(1, "round_robin");
  options.scheduler.queue = static_cast<QueueDiscipline>(GetParam());
  options.scheduler.dispatch_window_requests = 1;
  const auto arrivals = poisson_arrivals(3, kRequests, 2.0);
  const auto outcome = simulate(workload, arrivals, 0, options).value();
  // Whenever one of each class waits, the higher one is served first: so at no time does a lower
  // one begin (its first token less its service time) while a higher one waits.
  for (std::size_t low = 0; low < kRequests; low += 2) {
    const RequestOutcome& lower = outcome.requests[low];
    const double seconds = options.profile.prefill_seconds_per_token *
                           (workload.requests()[low].prompt_tokens - lower.cached_tokens);
    const TimePoint began = lower.first_token - from_seconds(seconds);
    for (std::size_t high = 1; high < kRequests; high += 2) {
      const RequestOutcome& higher = outcome.requests[high];
      const bool waits =
          higher.arrival < began - Duration(2) && higher.first_token > lower.first_token;
      ASSERT_FALSE(waits) << low << " before " << high;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, AnyQueue,
                         testing::Range<std::size_t>(0, kQueueDisciplineNames.size()),
                         [](const auto& test) {
                           return std::string(kQueueDisciplineNames[test.param]);
                         });

}  // namespace
}  // namespace ringmaster::sim
