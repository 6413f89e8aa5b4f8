#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {
namespace {

using Baselines = PolicyFixture;

TEST_F(Baselines, RoundRobinTakesTheInstancesInTurn) {
  make("round_robin");
  std::vector<std::uint32_t> order;
  for (int i = 0; i < 6; ++i) order.push_back(chosen());
  EXPECT_EQ(order, (std::vector<std::uint32_t>{0, 1, 2, 3, 0, 1}));
}

TEST_F(Baselines, RoundRobinGoesOnWhereItWasWhenAnInstanceLeaves) {
  make("round_robin");
  EXPECT_EQ(chosen(), 0U);
  fleet_.set_health({1}, Health::kDead);
  EXPECT_EQ(chosen(), 2U);
  EXPECT_EQ(chosen(), 3U);
  EXPECT_EQ(chosen(), 0U);
}

TEST_F(Baselines, RandomReachesEveryInstanceAboutEquallyOften) {
  make("random");
  std::map<std::uint32_t, int> count;
  for (int i = 0; i < 4000; ++i) ++count[chosen()];
  ASSERT_EQ(count.size(), 4U);
  for (const auto& [slot, times] : count) EXPECT_NEAR(times, 1000, 150);
}

TEST_F(Baselines, RandomRepeatsItselfUnderTheSameSeed) {
  std::vector<std::uint32_t> runs[2];
  for (auto& run : runs) {
    make("random");
    for (int i = 0; i < 50; ++i) run.push_back(chosen());
  }
  EXPECT_EQ(runs[0], runs[1]);
}

TEST_F(Baselines, PowerOfTwoNeverTakesTheMostLoadedOfAll) {
  make("power_of_two");
  load(2).decoding_requests = 9;
  for (int i = 0; i < 200; ++i) EXPECT_NE(chosen(), 2U);
}

TEST_F(Baselines, PowerOfTwoSpreadsOverEqualInstances) {
  make("power_of_two");
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 100; ++i) seen.insert(chosen());
  EXPECT_EQ(seen.size(), 4U);
}

TEST_F(Baselines, PowerOfTwoTakesTheOnlyInstance) {
  make("power_of_two");
  for (const std::uint32_t slot : {0U, 1U, 2U}) fleet_.set_health({slot}, Health::kDead);
  EXPECT_EQ(chosen(), 3U);
}

TEST_F(Baselines, LeastLoadedCountsHeldPrefillingAndDecodingRequests) {
  make("least_loaded");
  load(0).held_requests = 2;
  load(1).prefilling_requests = 2;
  load(2).decoding_requests = 2;
  load(3).held_requests = 1;
  load(3).sent_tokens = 99'999;
  EXPECT_EQ(chosen(), 3U);
}

TEST_F(Baselines, LeastLoadedCanCountPendingTokens) {
  make("least_loaded:load=pending_tokens");
  load(0).held_tokens = 10;
  load(1).sent_tokens = 10;
  load(2).held_tokens = 9;
  load(2).decoding_requests = 50;
  load(3).held_tokens = 11;
  EXPECT_EQ(chosen(), 2U);
}

TEST_F(Baselines, LeastLoadedGoesAroundOnTies) {
  make("least_loaded");
  std::map<std::uint32_t, int> count;
  for (int i = 0; i < 40; ++i) ++count[chosen()];
  for (std::uint32_t slot = 0; slot < kInstances; ++slot) EXPECT_EQ(count[slot], 10);
}

TEST_F(Baselines, MinTtftWeighsCacheAgainstPendingWork) {
  make("min_ttft");
  cache(3, 6);                // 400 uncached
  load(3).sent_tokens = 500;  // 900 in all
  load(0).sent_tokens = 100;  // 1,100
  load(1).held_tokens = 100;
  load(2).held_tokens = 100;
  EXPECT_EQ(chosen(), 3U);
  load(3).sent_tokens = 701;  // 1,101
  EXPECT_NE(chosen(), 3U);
}

TEST_F(Baselines, MinTtftKnowsSlowInstances) {
  make("min_ttft");
  fleet_.remove({3});
  fleet_.add({3}, {.name = "fast", .prefill_seconds_per_token = 0.0001}, ResidencySource::kEvents);
  load(3).sent_tokens = 5000;  // (5,000 + 1,000) / 10,000 s
  EXPECT_EQ(chosen(), 3U);
}

TEST_F(Baselines, MinTtftGoesAroundOnTies) {
  make("min_ttft");
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 8; ++i) seen.insert(chosen());
  EXPECT_EQ(seen.size(), 4U);
}

TEST_F(Baselines, PrefixAffinityTakesTheFirstHomeWhateverItsLoad) {
  make("prefix_affinity");
  load(1).sent_tokens = 1'000'000;
  cache(2, 10);
  EXPECT_EQ(chosen(), 1U);
}

TEST_F(Baselines, OnlyDualMapAndRingmasterHoldAndOnlyDualMapRebalances) {
  for (const std::string_view name : policy_names()) {
    make(std::string(name));
    const PublishedForm form = policy_->published_form();
    EXPECT_EQ(form.dispatch_window_requests > 0, name == "dualmap" || name == "ringmaster") << name;
    EXPECT_EQ(form.rebalancing != Rebalancing::kOff, name == "dualmap") << name;
  }
}

TEST_F(Baselines, EveryPolicyShowsWhatItConsideredWithTheChosenAmongIt) {
  for (const std::string_view name : policy_names()) {
    make(std::string(name));
    EXPECT_EQ(policy_->name(), name);
    for (int i = 0; i < 20; ++i) {
      RoutingDecision decision = choose();
      EXPECT_FALSE(decision.reason.empty());
      bool is_shown = false;
      for (const ScoredCandidate& candidate : decision.scored()) {
        is_shown = is_shown || candidate.instance == decision.instance;
      }
      EXPECT_TRUE(is_shown) << name;
    }
  }
}

TEST(RoutingDecision, KeepsTheBestOfManyCandidates) {
  RoutingDecision decision;
  for (std::uint32_t i = 0; i < 100; ++i) {
    decision.consider({.instance = {i}, .score = 100.0 - i});
  }
  EXPECT_EQ(decision.considered(), 100U);
  std::set<std::uint32_t> kept;
  for (const ScoredCandidate& candidate : decision.scored()) kept.insert(candidate.instance.value);
  EXPECT_EQ(kept, (std::set<std::uint32_t>{92, 93, 94, 95, 96, 97, 98, 99}));
}

}  // namespace
}  // namespace ringmaster
