#include "policies/lmetric.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {
namespace {

using LMetricTest = PolicyFixture;

TEST_F(LMetricTest, MultipliesQueuedAndNewWorkByTheBatch) {
  make("lmetric");
  cache(0, 6);  // (500 + 400) * (1 + 1) = 1,800
  load(0).begin_prefill(500);
  load(1).decoding_requests = 1;  // (0 + 1,000) * (1 + 1) = 2,000
  load(2).decoding_requests = 2;  // 3,000
  load(3).begin_prefill(10);      // 1,010 * 2 = 2,020
  RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{0});
  EXPECT_EQ(decision.reason, "least_product");
  for (const ScoredCandidate& candidate : decision.scored()) {
    constexpr double kScores[] = {1800, 2000, 3000, 2020};
    EXPECT_DOUBLE_EQ(candidate.score, kScores[candidate.instance.value]);
  }
}

TEST_F(LMetricTest, LeavesQueuedWorkOutInTheFormOfThePorts) {
  make("lmetric:form=uncached");
  cache(0, 6);
  load(0).begin_prefill(50'000);  // 400 * 2
  load(1).begin_prefill(1);       // 1,000 * 2
  load(2).decoding_requests = 1;
  load(3).decoding_requests = 1;
  EXPECT_EQ(chosen(), 0U);
}

TEST_F(LMetricTest, SeesTheCacheOnAnIdleFleet) {
  make("lmetric");
  cache(3, 1);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(chosen(), 3U);
}

TEST_F(LMetricTest, SeesTheLoadOfInstancesThatHaveTheWholePrompt) {
  make("lmetric");
  cache(2, 10);
  cache(3, 10);
  load(2).decoding_requests = 5;
  EXPECT_EQ(chosen(), 3U);
}

TEST_F(LMetricTest, GoesAroundOnTies) {
  make("lmetric");
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 4; ++i) seen.insert(chosen());
  EXPECT_EQ(seen.size(), 4U);
}

// All requests are of one class (x = 1) and one of four has its prefix: alarm from the first one,
// closed after two choices of it.
TEST_F(LMetricTest, GuardLeavesAHotSpotAfterTwiceAsManyChoicesAsItHasInstances) {
  make("lmetric:hot_spot_guard=on");
  cache(2, 10);
  EXPECT_EQ(choose().reason, "least_product");
  EXPECT_EQ(choose().reason, "least_product");
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.reason, "hot_spot_avoided");
  EXPECT_NE(decision.instance, InstanceId{2});
}

TEST_F(LMetricTest, GuardSleepsWhereEveryoneHasThePrefix) {
  make("lmetric:hot_spot_guard=on");
  for (std::uint32_t slot = 0; slot < kInstances; ++slot) cache(slot, 10);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(choose().reason, "least_product");
}

TEST_F(LMetricTest, GuardReopensWhenTheClassIsRareAgain) {
  make("lmetric:hot_spot_guard=on");
  cache(2, 10);
  for (int i = 0; i < 3; ++i) (void)choose();
  const PrefixChain hot = request_.chain;
  request_.chain = {{.low = 77}};
  for (int i = 0; i < 12; ++i) (void)choose();  // Share 4 / 16 at the next: below 1 / 3 of others.
  request_.chain = hot;
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{2});
  EXPECT_EQ(decision.reason, "least_product");
}

TEST(HotSpotGuard, HasNoClassForShortPrompts) {
  HotSpotGuard guard(2);
  RequestSpec request;
  request.chain = {{.low = 1}};
  for (int i = 0; i < 2000; ++i) {
    EXPECT_FALSE(guard.observe(request, 1, 8));
    guard.note_choice(request, true);
  }
}

}  // namespace
}  // namespace ringmaster
