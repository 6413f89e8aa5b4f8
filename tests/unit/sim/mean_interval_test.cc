#include "sim/mean_interval.h"

#include <vector>

#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

TEST(IndependentMean, HasTheIntervalOfStudentsT) {
  const std::vector<double> values = {1, 2, 3};  // Standard deviation 1.
  const auto result = independent_mean(values);
  EXPECT_DOUBLE_EQ(result.mean, 2);
  EXPECT_NEAR(result.half_width.value(), 4.302653 / 1.732051, 1e-5);  // t at 2 degrees of freedom.
}

TEST(IndependentMean, ClaimsNoIntervalForOneValue) {
  EXPECT_FALSE(independent_mean(std::vector<double>{5}).half_width.has_value());
  EXPECT_DOUBLE_EQ(independent_mean({}).mean, 0);
}

TEST(BatchMean, TakesItsIntervalFromTheMeansOfTwentyBatches) {
  // Batches of two with means 0 and 2 in turn: standard deviation of the means sqrt(20/19).
  std::vector<double> values;
  for (int batch = 0; batch < 20; ++batch) values.insert(values.end(), 2, batch % 2 == 0 ? 0 : 2);
  const auto result = batch_mean(values);
  EXPECT_DOUBLE_EQ(result.mean, 1);
  EXPECT_NEAR(result.half_width.value(), 2.093 * 0.229416, 1e-5);  // 0.2294 = sqrt(1 / 19)
}

TEST(BatchMean, ClaimsNoIntervalForFewValues) {
  const std::vector<double> values = {1, 2, 3};
  EXPECT_DOUBLE_EQ(batch_mean(values).mean, 2);
  EXPECT_FALSE(batch_mean(values).half_width.has_value());
  EXPECT_DOUBLE_EQ(batch_mean({}).mean, 0);
}

}  // namespace
}  // namespace ringmaster::sim
