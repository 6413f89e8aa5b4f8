#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "engine/cuda/kv_probe.h"

namespace ringmaster::engine {
namespace {

TEST(MeanDifference, IsThatOfTheTokensThatBothNameAtAPosition) {
  const std::vector<ProbedPlace> a{{3, {{7, -1.0F}, {8, -2.0F}}}, {5, {{9, -3.0F}}}};
  const std::vector<ProbedPlace> b{{3, {{8, -2.5F}, {7, -1.25F}, {1, 0.0F}}}, {5, {{9, -3.0F}}}};
  EXPECT_DOUBLE_EQ(mean_difference(a, b), 0.25);
}

TEST(MeanDifference, LeavesOutPositionsOfOneAlone) {
  const std::vector<ProbedPlace> a{{3, {{1, -1.0F}}}, {4, {{1, -9.0F}}}, {6, {{1, -2.0F}}}};
  const std::vector<ProbedPlace> b{{3, {{1, -1.5F}}}, {6, {{1, -2.0F}}}, {7, {{1, -4.0F}}}};
  EXPECT_DOUBLE_EQ(mean_difference(a, b), 0.25);
}

TEST(MeanDifference, IsInfiniteWhereNothingCanBeCompared) {
  EXPECT_EQ(mean_difference({}, {}), INFINITY);
  EXPECT_EQ(mean_difference({{0, {{1, -1.0F}}}}, {{0, {{2, -1.0F}}}}), INFINITY);
  EXPECT_EQ(mean_difference({{0, {{1, -1.0F}}}}, {{1, {{1, -1.0F}}}}), INFINITY);
}

TEST(MeanDifference, IsInfiniteForWhatIsNoNumber) {
  EXPECT_EQ(mean_difference({{0, {{1, NAN}, {2, -1.0F}}}}, {{0, {{1, -1.0F}, {2, -1.0F}}}}),
            INFINITY);
}

}  // namespace
}  // namespace ringmaster::engine
