// What must hold of every simulation, whatever the policy, the model and the seed.

#include "sim/simulation.h"

#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "policies/policy_registry.h"
#include "sim/report.h"
#include "sim/run.h"
#include "synthetic_workload.h"

namespace ringmaster::sim {
namespace {

constexpr std::size_t kRequests = 1500;

class AnyFleet : public testing::TestWithParam<std::tuple<std::string, ModelKind, std::uint64_t>> {
 protected:
  [[nodiscard]] static std::string policy() { return std::get<0>(GetParam()); }
  [[nodiscard]] static ModelKind model() { return std::get<1>(GetParam()); }
  [[nodiscard]] static std::uint64_t seed() { return std::get<2>(GetParam()); }

  AnyFleet()
      : workload_(conversations(seed(), kRequests)),
        arrivals_(poisson_arrivals(seed(), kRequests, model() == ModelKind::kSerial ? 6.0 : 3.0)) {
    SCOPED_TRACE("seed=" + std::to_string(seed()));
    options_ = fleet_of(4, policy(), model());
    options_.scheduler.seed = seed();
  }

  [[nodiscard]] SimulationOutcome run() const {
    return simulate(workload_, arrivals_, 0, options_).value();
  }

  Workload workload_;
  std::vector<Duration> arrivals_;
  SimulationOptions options_;
};

TEST_P(AnyFleet, AnswersEveryRequestOnce) {
  const auto outcome = run();
  ASSERT_EQ(outcome.requests.size(), kRequests);
  for (const RequestOutcome& request : outcome.requests) {
    EXPECT_FALSE(request.is_rejected);
    EXPECT_EQ(request.attempts, 1U);
    EXPECT_LT(request.instance, 4U);
    EXPECT_GE(request.finished, request.first_token);
  }
}

TEST_P(AnyFleet, TakesAtLeastTheTimeOfTheUncachedTokens) {
  const auto outcome = run();
  for (std::size_t i = 0; i < kRequests; ++i) {
    const RequestOutcome& request = outcome.requests[i];
    const std::uint32_t uncached = workload_.requests()[i].prompt_tokens - request.cached_tokens;
    EXPECT_GE(request.first_token - request.arrival + Duration(1),
              from_seconds(options_.profile.prefill_seconds_per_token * uncached));
  }
}

TEST_P(AnyFleet, NeverFindsMoreCachedThanAnInfiniteCacheWould) {
  const auto outcome = run();
  std::uint64_t computed = 0;
  for (std::size_t i = 0; i < kRequests; ++i) {
    const std::uint32_t prompt = workload_.requests()[i].prompt_tokens;
    const std::uint32_t cached = outcome.requests[i].cached_tokens;
    EXPECT_LE(cached, prompt);
    EXPECT_EQ(cached % workload_.block_tokens(), 0U);
    computed += std::max(1U, prompt - cached);
  }
  EXPECT_GE(computed, uncached_tokens_at_best(workload_, 0));
}

TEST_P(AnyFleet, GivesEqualBytesForEqualInputs) {
  RunOptions options{.trace = "t", .policy = policy(), .setting = "test", .simulation = options_};
  options.arrivals = {.qps = 5.0, .warmup_requests = 100};
  const RunReport first[] = {run_point(workload_, options).value()};
  const RunReport second[] = {run_point(workload_, options).value()};
  EXPECT_EQ(to_json(first), to_json(second));
}

class AnyFleetWithHostCaches : public AnyFleet {};

// The mirror is fed by first tokens and has the size of the cache, so with nothing delayed it
// knows what block events tell.
TEST_P(AnyFleetWithHostCaches, DecidesAlikeByMirrorAndByEvents) {
  options_.residency = ResidencySource::kEvents;
  const auto by_events = run();
  options_.residency = ResidencySource::kMirror;
  const auto by_mirror = run();
  for (std::size_t i = 0; i < kRequests; ++i) {
    ASSERT_EQ(by_events.requests[i].instance, by_mirror.requests[i].instance) << "request " << i;
    ASSERT_EQ(by_events.requests[i].first_token, by_mirror.requests[i].first_token);
  }
}

/// Every policy, and the forms that differ most from their defaults. `mooncake` would reject here.
std::vector<std::string> policies() {
  std::vector<std::string> names{"dualmap:variant=code", "mooncake:reject=off", "llumnix:moves=on"};
  for (const std::string_view name : policy_names()) {
    if (name != "mooncake") names.emplace_back(name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(All, AnyFleet,
                         testing::Combine(testing::ValuesIn(policies()),
                                          testing::Values(ModelKind::kSerial, ModelKind::kBatching,
                                                          ModelKind::kEngine, ModelKind::kTiered),
                                          testing::Values(1, 2)));

// The engine's cache also holds outputs, and the first part of a prompt before its end.
INSTANTIATE_TEST_SUITE_P(All, AnyFleetWithHostCaches,
                         testing::Combine(testing::ValuesIn(policies()),
                                          testing::Values(ModelKind::kSerial, ModelKind::kBatching),
                                          testing::Values(1, 2)));

TEST(Simulation, ServesOneRequestInItsServiceTime) {
  const auto workload = strangers(1, 10'000);
  const std::vector<Duration> arrivals = {Duration(0)};
  const auto outcome = simulate(workload, arrivals, 0, fleet_of(1, "round_robin")).value();
  EXPECT_EQ(outcome.requests[0].first_token - TimePoint{}, std::chrono::milliseconds(1600));
}

TEST(Simulation, QueuesFirstComeFirstServed) {
  const auto workload = strangers(3, 10'000);
  const std::vector<Duration> arrivals = {Duration(0), Duration(0), std::chrono::milliseconds(100)};
  const auto outcome = simulate(workload, arrivals, 0, fleet_of(1, "dualmap")).value();
  EXPECT_EQ(outcome.requests[1].first_token - TimePoint{}, std::chrono::milliseconds(3200));
  EXPECT_EQ(outcome.requests[2].first_token - TimePoint{}, std::chrono::milliseconds(4800));
}

TEST(Simulation, CountsWhatNoInstanceCanHoldAsRejected) {
  const auto workload = strangers(2, 200'000);  // The 7B profile's device holds 180,000 tokens.
  const std::vector<Duration> arrivals = {Duration(0), Duration(1)};
  const auto outcome =
      simulate(workload, arrivals, 0, fleet_of(2, "round_robin", ModelKind::kBatching)).value();
  EXPECT_TRUE(outcome.requests[0].is_rejected);
  EXPECT_TRUE(outcome.requests[1].is_rejected);
}

TEST(Simulation, RejectsWhatFindsTheQueueFull) {
  auto options = fleet_of(1, "dualmap");
  options.scheduler.queue_requests_max = 1;
  const auto workload = strangers(3, 10'000);
  const std::vector<Duration> arrivals = {Duration(0), Duration(1), Duration(2)};
  const auto outcome = simulate(workload, arrivals, 0, options).value();
  EXPECT_FALSE(outcome.requests[1].is_rejected);
  EXPECT_TRUE(outcome.requests[2].is_rejected);
}

TEST(Simulation, RejectsWhatHasWaitedTooLong) {
  auto options = fleet_of(1, "dualmap");
  options.scheduler.queue_wait_max = std::chrono::seconds(1);
  const auto workload = strangers(2, 10'000);  // 1.6 s each
  const std::vector<Duration> arrivals = {Duration(0), Duration(1)};
  const auto outcome = simulate(workload, arrivals, 0, options).value();
  EXPECT_FALSE(outcome.requests[0].is_rejected);
  EXPECT_TRUE(outcome.requests[1].is_rejected);
}

TEST(Simulation, LetsTheSchedulerHearOfBlocksAfterTheSignalDelay) {
  auto options = fleet_of(1, "round_robin");
  options.signal_delay = std::chrono::milliseconds(300);
  std::string recording;
  options.recording = &recording;
  const auto workload = conversations(1, 5);
  const std::vector<Duration> arrivals(5, Duration(0));
  ASSERT_TRUE(simulate(workload, arrivals, 0, options).has_value());
  EXPECT_NE(recording.find("\n248160000 first_token id=1"), std::string::npos) << recording;
  EXPECT_NE(recording.find("\n548160000 kv_stored instance=0"), std::string::npos) << recording;
}

TEST(Simulation, SendsReportsUntilNothingCanChange) {
  auto options = fleet_of(2, "round_robin");
  options.report_interval = std::chrono::seconds(1);
  std::string recording;
  options.recording = &recording;
  const auto workload = strangers(2, 10'000);  // 1.6 s each
  const std::vector<Duration> arrivals = {Duration(0), std::chrono::milliseconds(500)};
  ASSERT_TRUE(simulate(workload, arrivals, 0, options).has_value());
  EXPECT_NE(recording.find("1000000000 reported instance=1"), std::string::npos) << recording;
}

TEST(Simulation, PassesOnWhatTheSchedulerRefuses) {
  const auto workload = strangers(1, 10);
  const std::vector<Duration> arrivals = {Duration(0)};
  const auto outcome = simulate(workload, arrivals, 0, fleet_of(1, "no_such_policy"));
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::kInvalidArgument);
}

TEST(Simulation, RefusesAFleetOfNone) {
  const auto workload = strangers(1, 10);
  const std::vector<Duration> arrivals = {Duration(0)};
  const auto outcome = simulate(workload, arrivals, 0, fleet_of(0, "round_robin"));
  EXPECT_EQ(outcome.error().message, "instances: expected 1 to 4096, found 0");
}

TEST(Goodput, LiesBelowTheRateAtWhichOneServerIsBusy) {
  const auto workload = strangers(2000, 1250);  // 0.2 s each: five a second keep it busy.
  RunOptions options{.simulation = fleet_of(1, "round_robin")};
  const auto report = find_goodput(workload, options, {}).value();
  EXPECT_NEAR(*report.bound_qps, 5.0, 1e-9);
  EXPECT_GE(*report.goodput_qps, 5.0);  // Evenly spaced: no queue until the server is full.
  EXPECT_LE(*report.goodput_qps, 5.2);
  EXPECT_GE(report.metrics.slo_attainment, 0.9);
  EXPECT_DOUBLE_EQ(report.options.arrivals.qps, *report.goodput_qps);
}

TEST(Goodput, IsNoneWhenNoRateMeetsTheTarget) {
  const auto workload = strangers(10, 40'000);  // 6.4 s each, against a target of 5 s.
  RunOptions options{.simulation = fleet_of(1, "round_robin")};
  EXPECT_DOUBLE_EQ(*find_goodput(workload, options, {})->goodput_qps, 0.0);
}

}  // namespace
}  // namespace ringmaster::sim
