#include "policies/dual_map.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {
namespace {

class DualMapPaper : public PolicyFixture {
 protected:
  DualMapPaper() { make("dualmap"); }
};

TEST_F(DualMapPaper, PrefersTheHomeWithMoreOfThePromptCached) {
  cache(2, 4);
  cache(1, 1);
  load(2).sent_tokens = 3000;
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{2});
  EXPECT_EQ(decision.reason, "more_cached");
}

TEST_F(DualMapPaper, NeverLeavesThePair) {
  cache(0, 10);
  EXPECT_NE(chosen(), 0U);
  EXPECT_NE(chosen(), 3U);
}

TEST_F(DualMapPaper, TakesTheLessLoadedHomeOnEqualCaches) {
  load(1).held_tokens = 200;
  load(2).sent_tokens = 100;
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{2});
  EXPECT_EQ(decision.reason, "equal_cache_less_load");
}

TEST_F(DualMapPaper, StaysWithTheFirstHomeOnEqualCachesAndLoads) {
  EXPECT_EQ(chosen(), 1U);
  EXPECT_EQ(chosen(), 1U);
}

// 4,400 pending and 600 uncached: exactly the 5,000 tokens that fit into the target.
TEST_F(DualMapPaper, KeepsAffinityUpToTheTarget) {
  cache(2, 4);
  load(2).held_tokens = 4400;
  EXPECT_EQ(choose().reason, "more_cached");
}

TEST_F(DualMapPaper, TakesTheLessLoadedHomePastTheTarget) {
  cache(2, 4);
  load(2).held_tokens = 4401;
  load(1).held_tokens = 4000;
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{1});
  EXPECT_EQ(decision.reason, "past_slo_less_load");
}

// Less loaded, not sooner: 4,800 + 1,000 is later than 4,900 + 600, but has less pending.
TEST_F(DualMapPaper, ComparesLoadWithoutTheRequestPastTheTarget) {
  cache(2, 4);
  load(2).held_tokens = 4900;
  load(1).held_tokens = 4800;
  EXPECT_EQ(chosen(), 1U);
}

TEST_F(DualMapPaper, CountsAFullyCachedPromptAsOneToken) {
  cache(2, 10);
  EXPECT_DOUBLE_EQ(choose().scored()[1].score, 0.001);
}

TEST_F(DualMapPaper, TakesTheOnlyHome) {
  const RoutingDecision decision = choose({{3}});
  EXPECT_EQ(decision.instance, InstanceId{3});
  EXPECT_EQ(decision.reason, "only_home");
}

TEST_F(DualMapPaper, ShowsBothHomesWithTheirEstimates) {
  cache(1, 5);
  load(2).sent_tokens = 300;
  RoutingDecision decision = choose();
  ASSERT_EQ(decision.scored().size(), 2U);
  EXPECT_EQ(decision.scored()[0].cached_tokens, 500U);
  EXPECT_DOUBLE_EQ(decision.scored()[0].score, 0.5);
  EXPECT_DOUBLE_EQ(decision.scored()[1].score, 1.3);
}

TEST_F(DualMapPaper, HoldsOnePrefillServesFirstComeAndRebalances) {
  const PublishedForm form = policy_->published_form();
  EXPECT_EQ(form.queue, QueueDiscipline::kFcfs);
  EXPECT_EQ(form.rebalancing, Rebalancing::kPaper);
  EXPECT_EQ(form.dispatch_window_requests, 1U);
  EXPECT_EQ(form.hotness.form, HotnessOptions::Form::kPaper);
}

TEST_F(DualMapPaper, RebalancingCanBeSwitchedOff) {
  make("dualmap:rebalance=off");
  EXPECT_EQ(policy_->published_form().rebalancing, Rebalancing::kOff);
}

class DualMapCode : public PolicyFixture {
 protected:
  DualMapCode() { make("dualmap:variant=code"); }
};

// Half the target: 2,500 tokens.
TEST_F(DualMapCode, KeepsAffinityUpToHalfTheTarget) {
  cache(2, 4);
  load(2).held_tokens = 1900;
  EXPECT_EQ(chosen(), 2U);
  load(2).held_tokens = 1901;
  EXPECT_EQ(choose().reason, "past_slo_least_ttft");
  EXPECT_EQ(chosen(), 1U);
}

// 2,800 + 1,000 is later than 3,000 + 600, so the cached home keeps it although it has more
// pending.
TEST_F(DualMapCode, ComparesEstimatedTtftPastTheThreshold) {
  cache(2, 4);
  load(2).held_tokens = 3000;
  load(1).held_tokens = 2800;
  EXPECT_EQ(chosen(), 2U);
}

TEST_F(DualMapCode, TakesTheHomeWithFewerDecodingBlocksOnEqualCaches) {
  load(1).running_kv_blocks = 5;
  load(2).running_kv_blocks = 4;
  load(2).sent_tokens = 100;
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{2});
  EXPECT_EQ(decision.reason, "equal_cache_fewer_kv_blocks");
}

TEST_F(DualMapCode, DrawsOnACompleteTie) {
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 64; ++i) seen.insert(chosen());
  EXPECT_EQ(seen, (std::set<std::uint32_t>{1, 2}));
}

TEST_F(DualMapCode, ServesTheLongestHitFirstAndRebalancesAsTheCodeDoes) {
  const PublishedForm form = policy_->published_form();
  EXPECT_EQ(form.queue, QueueDiscipline::kLongestHit);
  EXPECT_EQ(form.rebalancing, Rebalancing::kCode);
  EXPECT_EQ(form.hotness.form, HotnessOptions::Form::kCode);
}

}  // namespace
}  // namespace ringmaster
