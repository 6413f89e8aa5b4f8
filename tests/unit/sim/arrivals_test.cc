#include "sim/arrivals.h"

#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<WorkloadRequest> requests_at(const std::vector<int>& timestamps_ms) {
  std::vector<WorkloadRequest> requests;
  for (const int ms : timestamps_ms) requests.push_back({.timestamp = milliseconds(ms)});
  return requests;
}

std::string error_of(const std::vector<int>& timestamps_ms, const ArrivalOptions& options) {
  const auto requests = requests_at(timestamps_ms);
  const auto arrivals = plan_arrivals(requests, options);
  return arrivals ? "no error" : arrivals.error().message;
}

TEST(PlanArrivals, KeepsTheTraceWhenItsRateIsAskedFor) {
  const auto requests = requests_at({0, 1000, 3000});
  EXPECT_THAT(plan_arrivals(requests, {.qps = 2.0 / 3.0}).value(),
              ElementsAre(milliseconds(0), milliseconds(1000), milliseconds(3000)));
}

TEST(PlanArrivals, ScalesAllGapsByOneFactor) {
  const auto requests = requests_at({0, 1000, 3000});
  EXPECT_THAT(plan_arrivals(requests, {.qps = 2.0}).value(),
              ElementsAre(milliseconds(0), Duration(333'333'333), milliseconds(1000)));
}

TEST(PlanArrivals, SpreadsEqualTimestampsOverTheGapToTheNext) {
  const auto requests = requests_at({0, 0, 0, 3000, 4000});
  EXPECT_THAT(plan_arrivals(requests, {.qps = 1.0}).value(),
              ElementsAre(milliseconds(0), milliseconds(1000), milliseconds(2000),
                          milliseconds(3000), milliseconds(4000)));
}

TEST(PlanArrivals, SpreadsTheLastTimestampOverTheGapBeforeIt) {
  const auto requests = requests_at({0, 2000, 2000});
  EXPECT_THAT(plan_arrivals(requests, {.qps = 2.0 / 3.0}).value(),
              ElementsAre(milliseconds(0), milliseconds(2000), milliseconds(3000)));
}

TEST(PlanArrivals, LetsWarmUpRequestsComeEvenlyAtTheirOwnRate) {
  const auto requests = requests_at({0, 100, 200, 300});
  EXPECT_THAT(
      plan_arrivals(requests, {.qps = 10.0, .warmup_requests = 2, .warmup_qps = 0.5}).value(),
      ElementsAre(milliseconds(0), milliseconds(2000), milliseconds(2100), milliseconds(2200)));
}

TEST(PlanArrivals, GivesCountedRequestsTheRateAskedFor) {
  const auto requests = requests_at({0, 700, 1900, 2000, 5000});
  const auto arrivals =
      plan_arrivals(requests, {.qps = 4.0, .warmup_requests = 2, .warmup_qps = 0.3}).value();
  EXPECT_EQ(arrivals[4] - arrivals[1], milliseconds(750));  // three counted requests at 4/s
}

TEST(PlanArrivals, ScalesWarmUpLikeTheRestWhenItHasNoRate) {
  const auto requests = requests_at({0, 1000, 2000, 3000});
  EXPECT_THAT(
      plan_arrivals(requests, {.qps = 2.0, .warmup_requests = 2}).value(),
      ElementsAre(milliseconds(0), milliseconds(500), milliseconds(1000), milliseconds(1500)));
}

TEST(PlanArrivals, TakesASingleRequest) {
  const auto requests = requests_at({5000});
  EXPECT_THAT(plan_arrivals(requests, {.qps = 1.0}).value(), ElementsAre(milliseconds(0)));
}

TEST(PlanArrivals, RefusesARateThatIsNotPositive) {
  EXPECT_THAT(error_of({0, 1}, {.qps = 0.0}), HasSubstr("qps: expected a rate in (0, 1e6]"));
}

TEST(PlanArrivals, RefusesAWarmUpThatLeavesNothingToCount) {
  EXPECT_EQ(error_of({0, 1}, {.qps = 1.0, .warmup_requests = 2}),
            "warmup: expected fewer than the 2 requests replayed, found 2");
}

TEST(PlanArrivals, RefusesRequestsThatAllComeAtOnce) {
  EXPECT_THAT(error_of({7, 7, 7}, {.qps = 1.0}), HasSubstr("all have the same timestamp"));
}

/// Coefficient of variation of the gaps of 20,001 requests that come evenly in the trace.
double gap_cv_with(ArrivalOptions options) {
  std::vector<WorkloadRequest> requests;
  for (int i = 0; i <= 20'000; ++i) requests.push_back({.timestamp = milliseconds(100 * i)});
  options.qps = 5;
  const auto arrivals = plan_arrivals(requests, options).value();
  double squares = 0;
  for (std::size_t i = 1; i < arrivals.size(); ++i) {
    const double gap = to_seconds(arrivals[i] - arrivals[i - 1]);
    squares += gap * gap;
  }
  return std::sqrt(squares / 20'000 / (0.2 * 0.2) - 1);
}

TEST(PlanArrivals, DrawsExponentialGapsWhenTheyArePoisson) {
  EXPECT_NEAR(gap_cv_with({.rhythm = Rhythm::kPoisson, .seed = 1}), 1.0, 0.03);
}

TEST(PlanArrivals, SpreadsGapsByTheJitterAskedFor) {
  EXPECT_NEAR(gap_cv_with({.jitter_cv = 0.3, .seed = 1}), 0.3, 0.01);
}

TEST(PlanArrivals, KeepsTheRateExactlyUnderAnySeed) {
  const auto requests = requests_at({0, 1000, 3000, 4000, 9000});
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const ArrivalOptions poisson{.qps = 2.0, .rhythm = Rhythm::kPoisson, .seed = seed};
    EXPECT_EQ(plan_arrivals(requests, poisson)->back(), milliseconds(2000));
    const ArrivalOptions jitter{.qps = 2.0, .jitter_cv = 0.5, .seed = seed};
    EXPECT_EQ(plan_arrivals(requests, jitter)->back(), milliseconds(2000));
  }
}

TEST(PlanArrivals, DependsOnTheSeedOnlyWhereGapsAreDrawn) {
  const auto requests = requests_at({0, 1000, 3000, 4000, 9000});
  const auto plan = [&](ArrivalOptions options, std::uint64_t seed) {
    options.qps = 2.0;
    options.seed = seed;
    return plan_arrivals(requests, options).value();
  };
  EXPECT_EQ(plan({}, 1), plan({}, 2));
  EXPECT_NE(plan({.jitter_cv = 0.5}, 1), plan({.jitter_cv = 0.5}, 2));
  EXPECT_EQ(plan({.rhythm = Rhythm::kPoisson}, 1), plan({.rhythm = Rhythm::kPoisson}, 1));
}

TEST(PlanArrivals, RefusesAJitterOutOfRangeOrBesidePoisson) {
  EXPECT_THAT(error_of({0, 1000}, {.qps = 1, .jitter_cv = 11}),
              HasSubstr("0 or a number in [0.01"));
  EXPECT_THAT(error_of({0, 1000}, {.qps = 1, .rhythm = Rhythm::kPoisson, .jitter_cv = 1}),
              HasSubstr("expected arrivals in the trace's rhythm"));
}

TEST(NameOfRhythm, TellsRunsOfOneTraceApart) {
  EXPECT_EQ(name_of_rhythm({}), "trace");
  EXPECT_EQ(name_of_rhythm({.jitter_cv = 0.25}), "trace, jitter 0.25");
  EXPECT_EQ(name_of_rhythm({.rhythm = Rhythm::kPoisson}), "poisson");
}

TEST(OwnRate, IsTheRateThatScalesNoGap) {
  const auto requests = requests_at({0, 1000, 3000, 9000});
  const double rate = own_rate(requests, 2).value();  // Two gaps in the 8 s after the warm-up.
  EXPECT_DOUBLE_EQ(rate, 0.25);
  const auto arrivals = plan_arrivals(requests, {.qps = rate, .warmup_requests = 2}).value();
  EXPECT_EQ(arrivals[3] - arrivals[2], milliseconds(6000));
}

TEST(OwnRate, RefusesRequestsThatAllComeAtOnce) {
  EXPECT_THAT(own_rate(requests_at({5, 5, 5}), 0).error().message, HasSubstr("same timestamp"));
}

}  // namespace
}  // namespace ringmaster::sim
