#include "base/random.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

// First outputs of SplitMix64 for seed 0, as published with the algorithm.
TEST(Random, GivesThePublishedSequenceForSeedZero) {
  Random random(0);
  EXPECT_EQ(random.next(), 0xe220a8397b1dcdafULL);
  EXPECT_EQ(random.next(), 0x6e789e6aa1b965f4ULL);
}

TEST(Random, BelowStaysBelowItsBound) {
  Random random(7);
  std::uint64_t largest = 0;
  for (int i = 0; i < 1000; ++i) largest = std::max(largest, random.below(10));
  EXPECT_EQ(largest, 9U);
}

TEST(Random, UnitStaysInItsInterval) {
  Random random(7);
  for (int i = 0; i < 1000; ++i) {
    const double value = random.unit();
    EXPECT_GE(value, 0.0);
    EXPECT_LT(value, 1.0);
  }
}

}  // namespace
}  // namespace ringmaster
