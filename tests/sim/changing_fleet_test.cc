// Fleets whose instances join, leave, crash, stall and slow down.

#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "sim/report.h"
#include "sim/run.h"
#include "sim/simulation.h"
#include "synthetic_workload.h"

namespace ringmaster::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kRequests = 1500;

/// Everything that can happen, in a fleet of four.
FleetChanges much_trouble() {
  return {
      .given = {{.at = seconds(20), .kind = FleetChangeKind::kJoin},
                {.at = seconds(40), .kind = FleetChangeKind::kLeave, .instance = 0},
                {.at = seconds(60), .kind = FleetChangeKind::kCrash, .instance = 1},
                {.at = seconds(70), .kind = FleetChangeKind::kJoin, .length = seconds(5)}},
      .random = {{.kind = FleetChangeKind::kCrash, .mean_gap = seconds(40), .length = seconds(10)},
                 {.kind = FleetChangeKind::kStall, .mean_gap = seconds(40), .length = seconds(7)},
                 {.kind = FleetChangeKind::kSlow,
                  .mean_gap = seconds(40),
                  .length = seconds(20),
                  .factor = 3.0}}};
}

class AnyChangingFleet
    : public testing::TestWithParam<std::tuple<std::string, ModelKind, std::uint64_t>> {
 protected:
  AnyChangingFleet()
      : workload_(conversations(seed(), kRequests)),
        arrivals_(poisson_arrivals(seed(), kRequests,
                                   std::get<1>(GetParam()) == ModelKind::kSerial ? 6.0 : 3.0)),
        options_(fleet_of(4, std::get<0>(GetParam()), std::get<1>(GetParam()))) {
    options_.scheduler.seed = seed();
    options_.changes = much_trouble();
    options_.signal_delay = seconds(1);
    options_.report_interval = seconds(1);
  }

  [[nodiscard]] static std::uint64_t seed() { return std::get<2>(GetParam()); }

  Workload workload_;
  std::vector<Duration> arrivals_;
  SimulationOptions options_;
};

TEST_P(AnyChangingFleet, AnswersRejectsOrLosesEveryRequest) {
  const auto outcome = simulate(workload_, arrivals_, 0, options_).value();
  std::size_t retried = 0;
  for (const RequestOutcome& request : outcome.requests) {
    if (request.is_rejected) continue;
    EXPECT_GE(request.first_token, request.arrival);
    EXPECT_TRUE(request.is_lost || request.finished >= request.first_token);
    if (request.attempts > 1) ++retried;
  }
  EXPECT_GT(retried, 0U);
}

// simulate() fails if a request is still booked on an instance at the end.
TEST_P(AnyChangingFleet, LeavesNothingBookedInAnyGateway) {
  options_.gateways = 3;
  const auto outcome = simulate(workload_, arrivals_, 0, options_);
  EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
}

TEST_P(AnyChangingFleet, GivesEqualBytesForEqualInputs) {
  RunOptions run{.trace = "t", .simulation = options_};
  run.arrivals = {.qps = 4.0, .warmup_requests = 100};
  const RunReport first[] = {run_point(workload_, run).value()};
  const RunReport second[] = {run_point(workload_, run).value()};
  EXPECT_EQ(to_json(first), to_json(second));
}

INSTANTIATE_TEST_SUITE_P(All, AnyChangingFleet,
                         testing::Combine(testing::Values("dualmap", "ringmaster", "min_ttft",
                                                          "round_robin", "cacheroute",
                                                          "session_affinity"),
                                          testing::Values(ModelKind::kSerial, ModelKind::kBatching,
                                                          ModelKind::kEngine, ModelKind::kTiered),
                                          testing::Values(1, 2)));

/// Two requests of 1.6 s each, at once, on two instances.
class TwoInstances : public testing::Test {
 protected:
  SimulationOutcome run(FleetChange change) {
    options_.changes.given = {change};
    return simulate(workload_, arrivals_, 0, options_).value();
  }
  static Duration ttft(const RequestOutcome& request) {
    return request.first_token - request.arrival;
  }

  Workload workload_ = strangers(2, 10'000);
  std::vector<Duration> arrivals_ = {Duration(0), Duration(0)};
  SimulationOptions options_ = fleet_of(2, "round_robin");
};

TEST_F(TwoInstances, TryElsewhereWhatACrashCutOff) {
  const auto outcome = run({.at = seconds(1), .kind = FleetChangeKind::kCrash, .instance = 0});
  const RequestOutcome& cut_off = outcome.requests[0];
  EXPECT_EQ(cut_off.attempts, 2U);
  EXPECT_EQ(cut_off.instance, 1U);
  EXPECT_EQ(ttft(cut_off), milliseconds(3200));  // Behind the other's prefill.
  EXPECT_EQ(ttft(outcome.requests[1]), milliseconds(1600));
}

TEST_F(TwoInstances, LoseWhatWasBeingAnsweredWhenItCrashed) {
  workload_ = strangers(2, 1000, 1000);
  options_ = fleet_of(2, "round_robin", ModelKind::kBatching);
  const auto outcome = run({.at = seconds(2), .kind = FleetChangeKind::kCrash, .instance = 0});
  EXPECT_TRUE(outcome.requests[0].is_lost);
  EXPECT_EQ(outcome.requests[0].attempts, 1U);
  EXPECT_FALSE(outcome.requests[1].is_lost);
}

TEST_F(TwoInstances, HoldUpAStepByTheLengthOfAStall) {
  const auto outcome = run({.at = seconds(1),
                            .kind = FleetChangeKind::kStall,
                            .instance = 0,
                            .length = milliseconds(500)});
  EXPECT_EQ(ttft(outcome.requests[0]), milliseconds(2100));
}

TEST_F(TwoInstances, TakeLongerForStepsThatStartWhileSlow) {
  const auto outcome =
      run({.kind = FleetChangeKind::kSlow, .instance = 0, .length = seconds(1), .factor = 2.0});
  EXPECT_EQ(ttft(outcome.requests[0]) + ttft(outcome.requests[1]), milliseconds(3200 + 1600));
}

TEST_F(TwoInstances, FinishWhatTheyHaveWhenTheyLeave) {
  arrivals_[1] = seconds(2);
  const auto outcome = run({.at = seconds(1), .kind = FleetChangeKind::kLeave, .instance = 0});
  EXPECT_EQ(outcome.requests[0].instance, 0U);
  EXPECT_EQ(ttft(outcome.requests[0]), milliseconds(1600));
  EXPECT_EQ(outcome.requests[1].instance, 1U);
}

TEST_F(TwoInstances, AreNotTriedWhileTheyAreDown) {
  workload_ = strangers(12, 1000);
  arrivals_.clear();
  for (int i = 0; i < 12; ++i) arrivals_.push_back(seconds(2 * i));
  const auto outcome = run({.at = seconds(1), .kind = FleetChangeKind::kCrash, .instance = 0});
  for (std::size_t i = 6; i < 12; ++i) {  // Long dead by then.
    EXPECT_EQ(outcome.requests[i].attempts, 1U);
    EXPECT_EQ(outcome.requests[i].instance, 1U);
  }
}

TEST_F(TwoInstances, TakeRequestsAgainAfterARestart) {
  workload_ = strangers(30, 1000);
  arrivals_.clear();
  for (int i = 0; i < 30; ++i) arrivals_.push_back(seconds(2 * i));
  const auto outcome = run(
      {.at = seconds(1), .kind = FleetChangeKind::kCrash, .instance = 0, .length = seconds(10)});
  std::size_t on_first = 0;
  for (std::size_t i = 15; i < 30; ++i) on_first += outcome.requests[i].instance == 0 ? 1 : 0;
  EXPECT_NEAR(static_cast<double>(on_first), 7.5, 1.0);
}

TEST_F(TwoInstances, AreThreeOnceOneJoined) {
  workload_ = strangers(9, 1000);
  arrivals_.assign(9, seconds(5));
  const auto outcome = run({.kind = FleetChangeKind::kJoin});
  std::size_t on_third = 0;
  for (const RequestOutcome& request : outcome.requests) on_third += request.instance == 2 ? 1 : 0;
  EXPECT_GE(on_third, 2U);
  EXPECT_LE(on_third, 3U);
}

TEST_F(TwoInstances, ArePaidFromTheFirstCountedArrivalOn) {
  arrivals_ = {seconds(10), seconds(20)};
  const auto outcome = run({.at = seconds(1000)});  // Nothing happens before the end.
  EXPECT_DOUBLE_EQ(outcome.instance_seconds, 2 * 11.6);
}

TEST(AutoscaledFleet, GrowsUnderLoadAndShrinksAfterIt) {
  // 1.6 s each. 5/s for the first 200 s, which takes eight; then one every 2 s, which takes one.
  const auto workload = strangers(1300, 10'000);
  std::vector<Duration> arrivals;
  for (int i = 0; i < 1000; ++i) arrivals.push_back(milliseconds(200 * i));
  for (int i = 0; i < 300; ++i) arrivals.push_back(seconds(200 + 2 * i));
  auto options = fleet_of(2, "least_loaded:load=pending_tokens");
  options.autoscaler = AutoscalerOptions{.instances_min = 2,
                                         .instances_max = 12,
                                         .interval = seconds(5),
                                         .cooldown = seconds(5),
                                         .start_up = seconds(5)};
  const auto outcome = simulate(workload, arrivals, 0, options).value();
  EXPECT_GE(outcome.instances_most, 8U);
  EXPECT_LE(outcome.instances_most, 12U);
  EXPECT_EQ(outcome.instances_last, 2U);
  EXPECT_LT(outcome.instance_seconds, 12 * 800.0 / 2);
  for (const RequestOutcome& request : outcome.requests) EXPECT_FALSE(request.is_rejected);
}

TEST(MixedFleet, SendsMoreToTheFasterInstances) {
  const auto workload = strangers(2000, 10'000);
  const auto arrivals = poisson_arrivals(1, 2000, 3.0);
  auto options = fleet_of(4, "min_ttft");
  auto slow = options.profile;
  slow.prefill_seconds_per_token *= 3;
  options.fleet = {{options.profile}, {options.profile}, {slow}, {slow}};
  const auto outcome = simulate(workload, arrivals, 0, options).value();
  std::size_t on_fast = 0;
  for (const RequestOutcome& request : outcome.requests) on_fast += request.instance < 2 ? 1 : 0;
  EXPECT_GT(on_fast, 1300U);
  EXPECT_LT(on_fast, 1900U);
}

TEST(MixedFleet, KeepsEachInstanceToItsOwnCache) {
  // One conversation of twenty blocks again and again; the second instance can keep ten.
  const auto workload = conversations(1, 300);
  const auto arrivals = poisson_arrivals(1, 300, 0.2);
  auto options = fleet_of(1, "round_robin");
  auto small = options.profile;
  small.kv_cache_tokens = 2 * kTraceBlockTokens;
  options.fleet = {{options.profile}, {small}};
  const auto outcome = simulate(workload, arrivals, 0, options).value();
  for (const RequestOutcome& request : outcome.requests) {
    EXPECT_TRUE(request.instance == 0 || request.cached_tokens <= 2 * kTraceBlockTokens);
  }
}

}  // namespace
}  // namespace ringmaster::sim
