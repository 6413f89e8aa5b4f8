#include <cmath>

#include <gtest/gtest.h>

#include "engine/cuda/kv_probe.h"

namespace ringmaster::engine {
namespace {

TEST(MeanDifference, IsThatOfTheTokensThatBothNameAtAPlace) {
  const NextTokens a{{{7, -1.0F}, {8, -2.0F}}, {{9, -3.0F}}};
  const NextTokens b{{{8, -2.5F}, {7, -1.25F}, {1, 0.0F}}, {{9, -3.0F}}};
  EXPECT_DOUBLE_EQ(mean_difference(a, b), 0.25);
}

TEST(MeanDifference, IsInfiniteWhereNothingCanBeCompared) {
  EXPECT_EQ(mean_difference({}, {}), INFINITY);
  EXPECT_EQ(mean_difference({{{1, -1.0F}}}, {{{2, -1.0F}}}), INFINITY);
}

TEST(MeanDifference, IsInfiniteForWhatIsNoNumber) {
  EXPECT_EQ(mean_difference({{{1, NAN}, {2, -1.0F}}}, {{{1, -1.0F}, {2, -1.0F}}}), INFINITY);
}

TEST(MeanDifference, EndsWhereTheShorterOneDoes) {
  EXPECT_DOUBLE_EQ(mean_difference({{{1, -1.0F}}, {{1, -9.0F}}}, {{{1, -1.5F}}}), 0.5);
}

}  // namespace
}  // namespace ringmaster::engine
