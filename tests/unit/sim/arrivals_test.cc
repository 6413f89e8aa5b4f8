#include "sim/arrivals.h"

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

}  // namespace
}  // namespace ringmaster::sim
