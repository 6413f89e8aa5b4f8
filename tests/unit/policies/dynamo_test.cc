#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {
namespace {

class DynamoTest : public PolicyFixture {
 protected:
  double cost(std::uint32_t slot) {
    RoutingDecision decision = choose();
    for (const ScoredCandidate& candidate : decision.scored()) {
      if (candidate.instance.value == slot) return candidate.score;
    }
    return -1.0;
  }
};

// Ten blocks of prompt: prefill 5 + 10 - 4, decode 7 + 5 + 10.
TEST_F(DynamoTest, AddsUncachedPrefillAndAllBlocks) {
  make("dynamo");
  cache(2, 4);
  load(2).sent_tokens = 500;
  load(2).running_kv_blocks = 7;
  EXPECT_DOUBLE_EQ(cost(2), 33.0);
  EXPECT_DOUBLE_EQ(cost(0), 20.0);
}

TEST_F(DynamoTest, TakesTheSmallestCost) {
  make("dynamo");
  cache(2, 4);
  load(2).running_kv_blocks = 3;
  EXPECT_EQ(chosen(), 2U);
  load(2).running_kv_blocks = 5;
  EXPECT_NE(chosen(), 2U);
}

TEST_F(DynamoTest, NeverCountsLessThanNoPrefill) {
  make("dynamo:overlap_credit=10");
  cache(2, 10);
  EXPECT_DOUBLE_EQ(cost(2), 10.0);
}

// Busier by 10 blocks, which is one prompt: 4 / (1 + 1 * 1) = 2.
TEST_F(DynamoTest, CreditFadesOnInstancesBusierThanOthers) {
  make("dynamo:credit_decay=1");
  cache(2, 4);
  load(2).sent_tokens = 1000;
  EXPECT_DOUBLE_EQ(cost(2), (10 + 10 - 2) + (10 + 10));
}

TEST_F(DynamoTest, ScalesPrefillAndCountsRequestsWhereToldTo) {
  make("dynamo:prefill_scale=2,request_weight=3");
  load(1).decoding_requests = 4;
  EXPECT_DOUBLE_EQ(cost(1), 2 * 10 + 10 + 12);
}

TEST_F(DynamoTest, DrawsAmongEqualCosts) {
  make("dynamo");
  load(3).running_kv_blocks = 1;
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 100; ++i) seen.insert(chosen());
  EXPECT_EQ(seen, (std::set<std::uint32_t>{0, 1, 2}));
}

// Costs 20 and 30: with temperature 1 the dearer one has weight 1/e of 3 + 1/e.
TEST_F(DynamoTest, DrawsByCostAtATemperature) {
  make("dynamo:temperature=1");
  load(3).running_kv_blocks = 10;
  std::map<std::uint32_t, int> count;
  for (int i = 0; i < 10'000; ++i) ++count[chosen()];
  EXPECT_NEAR(count[3], 1092, 120);
  EXPECT_NEAR(count[0], 2969, 200);
  EXPECT_EQ(choose().reason, "drawn_by_cost");
}

}  // namespace
}  // namespace ringmaster
