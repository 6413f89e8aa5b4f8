#include <set>

#include <gtest/gtest.h>

#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {
namespace {

using StickyTest = PolicyFixture;

TEST_F(StickyTest, StaysWithAWarmInstanceUpToTheGap) {
  make("sticky_until_saturated");
  cache(2, 8);
  load(2).sent_tokens = 18'000;  // 18 s behind the idle ones.
  RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{2});
  EXPECT_EQ(decision.reason, "warm");
  load(2).sent_tokens = 18'001;
  decision = choose();
  EXPECT_NE(decision.instance, InstanceId{2});
  EXPECT_EQ(decision.reason, "warm_saturated");
}

TEST_F(StickyTest, CallsAnInstanceWarmFromFourFifthsOfThePromptOn) {
  make("sticky_until_saturated");
  cache(2, 7);
  load(2).sent_tokens = 1;
  EXPECT_EQ(choose().reason, "nobody_warm");
  EXPECT_NE(chosen(), 2U);
}

TEST_F(StickyTest, TakesTheLeastBacklogAmongTheWarm) {
  make("sticky_until_saturated");
  cache(1, 10);
  cache(2, 8);
  load(1).sent_tokens = 500;
  load(2).held_tokens = 400;
  EXPECT_EQ(chosen(), 2U);
}

TEST_F(StickyTest, GoesAroundWhereNobodyIsWarm) {
  make("sticky_until_saturated");
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 4; ++i) seen.insert(chosen());
  EXPECT_EQ(seen.size(), 4U);
}

// Warm: 3,000 + 200 uncached. Cold: 199 + 1,000, later than 3.2 s - 2 s by nothing.
TEST_F(StickyTest, ProjectedFormWeighsTheUncachedTokensToo) {
  make("sticky_until_saturated:form=projected,saturation_seconds=2");
  cache(2, 8);
  load(2).sent_tokens = 3000;
  for (const std::uint32_t slot : {0U, 1U, 3U}) load(slot).sent_tokens = 250;
  EXPECT_EQ(chosen(), 2U);
  load(3).sent_tokens = 150;
  EXPECT_EQ(chosen(), 3U);
}

TEST_F(StickyTest, WarmShareAndGapAreOptions) {
  make("sticky_until_saturated:warm_share=0.1,saturation_seconds=1");
  cache(2, 1);
  load(2).sent_tokens = 1000;
  EXPECT_EQ(choose().reason, "warm");
  load(2).sent_tokens = 1001;
  EXPECT_EQ(choose().reason, "warm_saturated");
}

}  // namespace
}  // namespace ringmaster
