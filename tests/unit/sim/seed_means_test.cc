#include "sim/seed_means.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

RunReport point(std::uint64_t seed, double qps, double attainment) {
  RunReport report;
  report.options = {.trace = "t.jsonl", .policy = "a"};
  report.options.arrivals.qps = qps;
  report.options.simulation.scheduler.seed = seed;
  report.metrics = {.requests = 10, .slo_attainment = attainment, .ttft_p99_s = 2.0 * attainment};
  return report;
}

RunReport search(std::uint64_t seed, double goodput) {
  RunReport report = point(seed, goodput, 0.9);
  report.goodput_qps = goodput;
  return report;
}

TEST(SeedMeans, LeaveAReportAloneThatIsAlone) {
  const auto means = mean_over_seeds(std::vector{point(1, 4, 0.5), point(1, 5, 0.25)});
  ASSERT_EQ(means.size(), 2U);
  EXPECT_EQ(means[1].seeds, 1U);
  EXPECT_EQ(means[1].metrics.slo_attainment, 0.25);
}

TEST(SeedMeans, AreOfTheSeedsOfOneRate) {
  const auto means =
      mean_over_seeds(std::vector{point(1, 4, 0.5), point(1, 5, 0.1), point(2, 4, 1.0)});
  ASSERT_EQ(means.size(), 2U);
  EXPECT_EQ(means[0].seeds, 2U);
  EXPECT_DOUBLE_EQ(means[0].metrics.slo_attainment, 0.75);
  EXPECT_DOUBLE_EQ(means[0].metrics.ttft_p99_s.value(), 1.5);
  EXPECT_EQ(means[0].metrics.requests, 10U);
  EXPECT_EQ(means[0].options.simulation.scheduler.seed, 1U);
}

TEST(SeedMeans, KeepPoliciesAndTracesApart) {
  RunReport other_policy = point(2, 4, 1.0);
  other_policy.options.policy = "b";
  RunReport other_trace = point(2, 4, 1.0);
  other_trace.options.trace = "u.jsonl";
  EXPECT_EQ(mean_over_seeds(std::vector{point(1, 4, 0.5), other_policy, other_trace}).size(), 3U);
}

TEST(SeedMeans, AreAbsentWhereASeedHasNone) {
  RunReport starved = point(2, 4, 1.0);
  starved.metrics.ttft_p99_s.reset();
  const auto means = mean_over_seeds(std::vector{point(1, 4, 0.5), starved});
  EXPECT_FALSE(means[0].metrics.ttft_p99_s.has_value());
}

TEST(SeedMeans, GiveTheGoodputOfSearchesWithItsInterval) {
  // 4, 5 and 6: standard deviation 1, t(2) = 4.3027.
  const auto means = mean_over_seeds(std::vector{search(1, 4), search(2, 5), search(3, 6)});
  ASSERT_EQ(means.size(), 1U);
  EXPECT_DOUBLE_EQ(means[0].goodput_qps.value(), 5.0);
  EXPECT_DOUBLE_EQ(means[0].options.arrivals.qps, 5.0);
  EXPECT_NEAR(means[0].goodput_half_width.value(), 4.302652730 / std::sqrt(3.0), 1e-9);
}

}  // namespace
}  // namespace ringmaster::sim
