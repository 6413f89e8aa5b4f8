#include "sim/comparison.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

using testing::HasSubstr;

ResultPoint point_of(std::string policy, std::uint64_t seed, double attainment, double qps = 4) {
  ResultPoint point{.trace = "t.jsonl",
                    .policy = std::move(policy),
                    .qps = qps,
                    .instances = 8,
                    .setting = "realistic",
                    .profile = "p",
                    .model = "serial",
                    .seed = seed};
  point.metrics.slo_attainment = attainment;
  return point;
}

const MetricDifference& attainment_of(const PolicyComparison& group) {
  return *std::ranges::find(group.metrics, "slo_attainment", &MetricDifference::metric);
}

std::string error_of(std::span<const ResultPoint> first, std::span<const ResultPoint> second) {
  const auto comparison = compare_results({"a.json", first, {}}, {"b.json", second, {}});
  return comparison ? "no error" : comparison.error().message;
}

TEST(CompareResults, LeavesOutAMetricThatOneOfTheTwoLacks) {
  const ResultPoint first[] = {point_of("a", 1, 0.90)};
  ResultPoint second[] = {point_of("a", 1, 0.91)};
  second[0].absent = {"lost"};
  const auto comparison = compare_results({"a.json", first, {}}, {"b.json", second, {}});
  ASSERT_TRUE(comparison.has_value()) << comparison.error().message;
  const auto& metrics = comparison->groups[0].metrics;
  EXPECT_EQ(std::ranges::count(metrics, "lost", &MetricDifference::metric), 0);
  EXPECT_EQ(std::ranges::count(metrics, "moves", &MetricDifference::metric), 1);
}

TEST(CompareResults, PairsBySeed) {
  const ResultPoint first[] = {point_of("a", 1, 0.90), point_of("a", 2, 0.80),
                               point_of("a", 3, 0.85)};
  const ResultPoint second[] = {point_of("b", 3, 0.88), point_of("b", 2, 0.82),
                                point_of("b", 1, 0.91)};
  const auto comparison = compare_results({"a.json", first, {}}, {"b.json", second, {}});
  ASSERT_TRUE(comparison.has_value()) << comparison.error().message;
  ASSERT_EQ(comparison->groups.size(), 1U);
  EXPECT_EQ(comparison->groups[0].seeds, 3U);
  // Differences 0.01, 0.02, 0.03: mean 0.02, standard deviation 0.01, t(2) = 4.3027.
  const MetricDifference& found = attainment_of(comparison->groups[0]);
  EXPECT_NEAR(found.first, 0.85, 1e-12);
  EXPECT_NEAR(found.difference, 0.02, 1e-12);
  EXPECT_NEAR(*found.half_width, 4.302652730 * 0.01 / std::sqrt(3.0), 1e-9);
}

TEST(CompareResults, HasNoIntervalWithOneSeed) {
  const ResultPoint first[] = {point_of("a", 1, 0.90)};
  const ResultPoint second[] = {point_of("b", 1, 0.95)};
  const auto comparison = compare_results({"a.json", first, {}}, {"b.json", second, {}});
  EXPECT_EQ(attainment_of(comparison->groups[0]).half_width, std::nullopt);
  EXPECT_THAT(to_table(*comparison), HasSubstr("+0.0500"));
}

TEST(CompareResults, KeepsConditionsApart) {
  const ResultPoint first[] = {point_of("a", 1, 0.9, 4), point_of("a", 1, 0.8, 6)};
  const ResultPoint second[] = {point_of("b", 1, 0.9, 4), point_of("b", 1, 0.9, 6)};
  EXPECT_EQ(compare_results({"a.json", first, {}}, {"b.json", second, {}})->groups.size(), 2U);
}

TEST(CompareResults, PairsGoodputsWhateverTheirRate) {
  ResultPoint first[] = {point_of("a", 1, 0.9, 4)};
  ResultPoint second[] = {point_of("b", 1, 0.9, 5)};
  first[0].goodput_qps = 4;
  second[0].goodput_qps = 5;
  const auto comparison = compare_results({"a.json", first, {}}, {"b.json", second, {}});
  ASSERT_TRUE(comparison.has_value()) << comparison.error().message;
  EXPECT_EQ(comparison->groups[0].metrics[0].metric, "goodput_qps");
  EXPECT_EQ(comparison->groups[0].metrics[0].difference, 1.0);
}

TEST(CompareResults, PairsPoliciesThatBothHave) {
  const ResultPoint first[] = {point_of("a", 1, 0.9), point_of("b", 1, 0.8)};
  const ResultPoint second[] = {point_of("b", 1, 0.9), point_of("c", 1, 0.7)};
  const auto comparison = compare_results({"a.json", first, {}}, {"b.json", second, {}});
  ASSERT_EQ(comparison->groups.size(), 1U);
  EXPECT_EQ(comparison->groups[0].first_policy, "b");
  EXPECT_NEAR(attainment_of(comparison->groups[0]).difference, 0.1, 1e-12);
}

TEST(CompareResults, PairsThePoliciesAskedFor) {
  const ResultPoint both[] = {point_of("a", 1, 0.9), point_of("b", 1, 0.8)};
  const auto comparison = compare_results({"a.json", both, "a"}, {"a.json", both, "b"});
  ASSERT_TRUE(comparison.has_value()) << comparison.error().message;
  EXPECT_NEAR(attainment_of(comparison->groups[0]).difference, -0.1, 1e-12);
}

TEST(CompareResults, CountsPointsWithoutAPartner) {
  const ResultPoint first[] = {point_of("a", 1, 0.9), point_of("a", 2, 0.9)};
  const ResultPoint second[] = {point_of("b", 1, 0.9)};
  const auto comparison = compare_results({"a.json", first, {}}, {"b.json", second, {}});
  EXPECT_EQ(comparison->unpaired_first, 1U);
  EXPECT_EQ(comparison->unpaired_second, 0U);
}

TEST(CompareResults, LeavesOutNumbersThatOneLacks) {
  ResultPoint first[] = {point_of("a", 1, 0.9)};
  ResultPoint second[] = {point_of("b", 1, 0.9)};
  first[0].metrics.ttft_p99_s = 3.0;  // The other's P99 falls on a rejected request.
  const auto comparison = compare_results({"a.json", first, {}}, {"b.json", second, {}});
  for (const MetricDifference& metric : comparison->groups[0].metrics) {
    EXPECT_NE(metric.metric, "ttft_p99_s");
  }
}

TEST(CompareResults, NamesTheNearestWhereNothingPairs) {
  const ResultPoint first[] = {point_of("a", 1, 0.9, 4)};
  const ResultPoint second[] = {point_of("b", 2, 0.9, 6), point_of("b", 1, 0.9, 6)};
  EXPECT_THAT(error_of(first, second),
              HasSubstr("the nearest of a.json and b.json differ in qps (4 and 6)"));
}

TEST(CompareResults, RefusesPoliciesThatDoNotBelongTogether) {
  const ResultPoint first[] = {point_of("a", 1, 0.9), point_of("b", 1, 0.9)};
  const ResultPoint second[] = {point_of("c", 1, 0.9)};
  EXPECT_THAT(error_of(first, second), HasSubstr("found a, b in a.json and c in b.json"));
}

TEST(CompareResults, RefusesAPolicyThatIsNotThere) {
  const ResultPoint points[] = {point_of("a", 1, 0.9)};
  const auto comparison = compare_results({"a.json", points, "x"}, {"b.json", points, {}});
  EXPECT_EQ(comparison.error().message, "a.json: expected one of its policies (a), found \"x\"");
}

TEST(CompareResults, RefusesTwoPointsOfOneKey) {
  const ResultPoint first[] = {point_of("a", 1, 0.9), point_of("a", 1, 0.8)};
  const ResultPoint second[] = {point_of("b", 1, 0.9)};
  EXPECT_THAT(error_of(first, second), HasSubstr("expected one point of a for trace t.jsonl"));
}

}  // namespace
}  // namespace ringmaster::sim
