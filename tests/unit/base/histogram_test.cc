#include "base/histogram.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

TEST(Histogram, QuantileOfNothingIsZero) {
  EXPECT_EQ(Histogram().quantile(0.5), 0.0);
}

TEST(Histogram, QuantileIsWithinTwoPercentOfTheTrueValue) {
  Histogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.record(i * 0.001);
  EXPECT_NEAR(histogram.quantile(0.5), 0.5, 0.01);
  EXPECT_NEAR(histogram.quantile(0.9), 0.9, 0.018);
  EXPECT_NEAR(histogram.quantile(1.0), 1.0, 0.02);
}

TEST(Histogram, CountsValuesOutsideItsRangeInTheOuterBuckets) {
  Histogram histogram;
  histogram.record(0.0);
  histogram.record(1e12);
  EXPECT_EQ(histogram.count(), 2U);
  EXPECT_LT(histogram.quantile(0.5), 1e-5);
  EXPECT_GT(histogram.quantile(1.0), 1e6);
}

TEST(Histogram, MergeAddsCountsAndSums) {
  Histogram a;
  Histogram b;
  a.record(1.0);
  b.record(3.0);
  a.merge(b);
  EXPECT_EQ(a.count(), 2U);
  EXPECT_DOUBLE_EQ(a.sum(), 4.0);
}

}  // namespace
}  // namespace ringmaster
