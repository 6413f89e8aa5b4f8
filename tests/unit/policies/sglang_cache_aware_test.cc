#include <set>

#include <gtest/gtest.h>

#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {
namespace {

using SglangTest = PolicyFixture;

TEST_F(SglangTest, FollowsTheMostCachedBlocksWhateverTheLoad) {
  make("sglang_cache_aware");
  cache(2, 1);
  load(2).decoding_requests = 32;
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{2});
  EXPECT_EQ(decision.reason, "most_cached");
}

TEST_F(SglangTest, BalancesWhenMoreThanThirtyTwoRequestsAndATenthApart) {
  make("sglang_cache_aware");
  cache(2, 10);
  load(2).decoding_requests = 33;
  EXPECT_EQ(choose().reason, "out_of_balance_least_load");
  EXPECT_NE(chosen(), 2U);
  for (std::uint32_t slot = 0; slot < kInstances; ++slot) load(slot).decoding_requests = 330;
  load(2).decoding_requests = 363;  // 33 apart, but only 1.1 times.
  EXPECT_EQ(chosen(), 2U);
}

TEST_F(SglangTest, SettlesEqualMatchesByLoadThenByTheSmallerTree) {
  make("sglang_cache_aware");
  cache(1, 3);
  cache(2, 3);
  load(1).decoding_requests = 1;
  EXPECT_EQ(chosen(), 2U);
  load(1).decoding_requests = 0;
  const BlockHash other{.low = 12345};
  fleet_.residency().stored({2}, std::span(&other, 1));
  EXPECT_EQ(chosen(), 1U);
}

TEST_F(SglangTest, TakesTheLeastLoadedWithoutAMatch) {
  make("sglang_cache_aware");
  for (const std::uint32_t slot : {0U, 1U, 2U}) load(slot).decoding_requests = 1;
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{3});
  EXPECT_EQ(decision.reason, "no_match_least_load");
}

TEST_F(SglangTest, TreeFormAsksForMoreThanHalfOfThePrompt) {
  make("sglang_cache_aware:source=tree");
  cache(2, 5);
  load(2).decoding_requests = 1;
  EXPECT_EQ(choose().reason, "no_match_least_load");
  cache(2, 6);
  EXPECT_EQ(chosen(), 2U);
}

TEST_F(SglangTest, GoesAroundOnTies) {
  make("sglang_cache_aware");
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 4; ++i) seen.insert(chosen());
  EXPECT_EQ(seen.size(), 4U);
}

}  // namespace
}  // namespace ringmaster
