#include "policies/scale_signal.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

TEST(ScaleSignal, AddsBelowTenStepsAndRemovesAboveSixty) {
  EXPECT_EQ(scale_advice(9.9), ScaleAdvice::kAdd);
  EXPECT_EQ(scale_advice(-5.0), ScaleAdvice::kAdd);
  EXPECT_EQ(scale_advice(10.0), ScaleAdvice::kKeep);
  EXPECT_EQ(scale_advice(60.0), ScaleAdvice::kKeep);
  EXPECT_EQ(scale_advice(60.1), ScaleAdvice::kRemove);
}

TEST(ScaleSignal, TakesOtherThresholds) {
  EXPECT_EQ(scale_advice(70.0, {.add_below = 80.0, .remove_above = 90.0}), ScaleAdvice::kAdd);
}

}  // namespace
}  // namespace ringmaster
