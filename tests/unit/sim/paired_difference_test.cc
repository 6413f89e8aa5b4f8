#include "sim/paired_difference.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

constexpr float kNever = std::numeric_limits<float>::infinity();

TEST(ComparePairs, CountsWhoWasInTimeWithWhich) {
  const std::vector<float> first = {1, 1, 9, 9, kNever};
  const std::vector<float> second = {1, 9, 1, 9, 1};
  const auto pair = compare_pairs(first, second, 5.0);
  EXPECT_EQ(pair.met_by_both, 1U);
  EXPECT_EQ(pair.only_first, 1U);
  EXPECT_EQ(pair.only_second, 2U);
  EXPECT_EQ(pair.met_by_neither, 1U);
  EXPECT_DOUBLE_EQ(pair.attainment.mean, -0.2);
}

TEST(ComparePairs, TakesTimesOfRequestsAnsweredInBothRuns) {
  const std::vector<float> first = {1, 2, kNever, 3};
  const std::vector<float> second = {2, 4, 1, kNever};
  const auto pair = compare_pairs(first, second, 5.0);
  EXPECT_DOUBLE_EQ(pair.ttft_s.mean, -1.5);
  ASSERT_EQ(pair.ttft_quantiles_s.size(), 99U);
  EXPECT_DOUBLE_EQ(pair.ttft_quantiles_s.front(), -2);
  EXPECT_DOUBLE_EQ(pair.ttft_quantiles_s.back(), -1);
}

TEST(ComparePairs, HasNoTimesWhereNothingWasAnsweredTwice) {
  const std::vector<float> first = {kNever};
  const std::vector<float> second = {1};
  EXPECT_TRUE(compare_pairs(first, second, 5.0).ttft_quantiles_s.empty());
}

TEST(ComparePairs, FindsNoDifferenceBetweenEqualRuns) {
  const std::vector<float> times(100, 2.0F);
  const auto pair = compare_pairs(times, times, 5.0);
  EXPECT_DOUBLE_EQ(pair.attainment.mean, 0);
  EXPECT_EQ(pair.attainment.half_width, 0.0);
}

}  // namespace
}  // namespace ringmaster::sim
