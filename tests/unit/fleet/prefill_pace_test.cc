// How long prefills take against what their tokens say.

#include "fleet/prefill_pace.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

TEST(PrefillPace, IsOneBeforeAnyPrefill) {
  EXPECT_EQ(PrefillPace().factor(), 1.0);
}

TEST(PrefillPace, StaysOneWhilePrefillsTakeWhatTheirTokensSay) {
  PrefillPace pace;
  for (int i = 0; i < 50; ++i) pace.note(std::chrono::seconds(2), 2.0);
  EXPECT_DOUBLE_EQ(pace.factor(), 1.0);
}

TEST(PrefillPace, FollowsSlowerPrefills) {
  PrefillPace pace;
  for (int i = 0; i < 300; ++i) pace.note(std::chrono::seconds(3), 2.0);
  EXPECT_NEAR(pace.factor(), 1.5, 0.01);
}

TEST(PrefillPace, CountsLongPrefillsMore) {
  PrefillPace pace;
  for (int i = 0; i < 300; ++i) {
    pace.note(std::chrono::seconds(2), 1.0);
    pace.note(std::chrono::seconds(9), 9.0);
  }
  EXPECT_NEAR(pace.factor(), 1.1, 0.02);
}

TEST(PrefillPace, IsHardlyMovedByOneShortPrefill) {
  PrefillPace pace;
  pace.note(std::chrono::milliseconds(40), 0.001);
  EXPECT_LT(pace.factor(), 1.01);
}

TEST(PrefillPace, StaysInItsRange) {
  PrefillPace slow;
  PrefillPace fast;
  for (int i = 0; i < 300; ++i) {
    slow.note(std::chrono::hours(100), 1.0);
    fast.note(Duration::zero(), 1e12);
  }
  EXPECT_EQ(slow.factor(), PrefillPace::kFactorMax);
  EXPECT_EQ(fast.factor(), PrefillPace::kFactorMin);
}

}  // namespace
}  // namespace ringmaster
