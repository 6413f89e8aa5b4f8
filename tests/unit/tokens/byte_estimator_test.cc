#include "tokens/byte_estimator.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

TEST(ByteEstimator, RoundsUpToWholeTokens) {
  EXPECT_EQ(estimate_tokens(0), 0U);
  EXPECT_EQ(estimate_tokens(1), 1U);
  EXPECT_EQ(estimate_tokens(4), 1U);
  EXPECT_EQ(estimate_tokens(5), 2U);
}

}  // namespace
}  // namespace ringmaster
