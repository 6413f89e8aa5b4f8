#include <set>

#include <gtest/gtest.h>

#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {
namespace {

class LlmDTest : public PolicyFixture {
 protected:
  double points(std::uint32_t slot) {
    RoutingDecision decision = choose();
    for (const ScoredCandidate& candidate : decision.scored()) {
      if (candidate.instance.value == slot) return -candidate.score;
    }
    return -1.0;
  }
};

// prefix 0.4 * 3, queue (4 - 1) / (4 - 0) * 2, KV (1 - 0.25) * 2.
TEST_F(LlmDTest, AddsWeightedScores) {
  make("llm_d");
  cache(2, 4);
  load(2).prefilling_requests = 1;
  load(1).prefilling_requests = 4;
  fleet_.at({2}).report.kv_usage = 0.25;
  EXPECT_DOUBLE_EQ(points(2), 1.2 + 1.5 + 1.5);
  EXPECT_DOUBLE_EQ(points(1), 0.0 + 0.0 + 2.0);
  EXPECT_DOUBLE_EQ(points(0), 0.0 + 2.0 + 2.0);
}

TEST_F(LlmDTest, TakesTheMostPoints) {
  make("llm_d");
  cache(2, 10);
  load(2).prefilling_requests = 1;
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{2});
  EXPECT_EQ(decision.reason, "most_points");
}

TEST_F(LlmDTest, BelievesReportsMoreThanItsOwnBookings) {
  make("llm_d");
  load(0).prefilling_requests = 50;
  for (const std::uint32_t slot : {1U, 2U, 3U}) fleet_.at({slot}).report.waiting_requests = 2;
  fleet_.at({0}).report.waiting_requests = 0;
  EXPECT_EQ(chosen(), 0U);
}

// Without a report: 20 blocks of 100 tokens and 500 pending of a million.
TEST_F(LlmDTest, EstimatesKvUsageWithoutAReport) {
  make("llm_d:prefix=0,queue=0,kv_utilization=1");
  load(3).running_kv_blocks = 20;
  load(3).sent_tokens = 500;
  EXPECT_DOUBLE_EQ(points(3), 1.0 - 0.0025);
}

TEST_F(LlmDTest, ActiveRequestsPreferTheIdle) {
  make("llm_d:prefix=0,queue=0,kv_utilization=0,active_requests=4");
  load(1).decoding_requests = 1;
  load(2).decoding_requests = 4;
  EXPECT_DOUBLE_EQ(points(0), 4.0);
  EXPECT_DOUBLE_EQ(points(1), 3.0);
  EXPECT_DOUBLE_EQ(points(2), 0.0);
}

TEST_F(LlmDTest, LoadAwareAndTokenLoadFallWithTheQueue) {
  make("llm_d:prefix=0,queue=0,kv_utilization=0,load_aware=1,token_load=1");
  load(1).prefilling_requests = 64;
  load(1).sent_tokens = 1'048'576;
  EXPECT_DOUBLE_EQ(points(1), 0.25 + 0.75);
  EXPECT_DOUBLE_EQ(points(0), 0.5 + 1.0);
}

TEST_F(LlmDTest, LoraPrefersALoadedAdapterThenAFreeSlot) {
  make("llm_d:prefix=0,queue=0,kv_utilization=0,lora=10,slots=1");
  EXPECT_DOUBLE_EQ(points(0), 10.0);  // The model itself.
  RequestSpec sent = request_;
  sent.adapter = 7;
  policy_->observer()->dispatched({.request = sent, .instance = {1}});
  sent.adapter = 8;
  policy_->observer()->dispatched({.request = sent, .instance = {2}});
  request_.adapter = 7;
  EXPECT_DOUBLE_EQ(points(0), 8.0);
  EXPECT_DOUBLE_EQ(points(1), 10.0);
  EXPECT_DOUBLE_EQ(points(2), 0.0);
}

TEST_F(LlmDTest, ListensToNobodyUnlessItScoresAdapters) {
  make("llm_d");
  EXPECT_EQ(policy_->observer(), nullptr);
}

TEST_F(LlmDTest, SpreadsColdRequestsOverThoseLongestWithoutOne) {
  make("llm_d:profile=optimized");
  std::vector<std::uint32_t> order;
  for (int i = 0; i < 8; ++i) {
    RoutingDecision decision = choose();
    EXPECT_EQ(decision.reason, "most_points_cold");
    order.push_back(decision.instance.value);
  }
  EXPECT_EQ(std::set<std::uint32_t>(order.begin(), order.begin() + 4).size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(order[i], order[i + 4]);
}

TEST_F(LlmDTest, GoesAroundOnTies) {
  make("llm_d");
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 4; ++i) seen.insert(chosen());
  EXPECT_EQ(seen.size(), 4U);
}

}  // namespace
}  // namespace ringmaster
