#include <set>

#include <gtest/gtest.h>

#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {
namespace {

class SMetricTest : public PolicyFixture {
 protected:
  SMetricTest() {
    make("smetric");
    request_.session = 7;
  }

  /// A first turn of 900 tokens.
  void begin_session() {
    request_.prompt_tokens = 900;
    (void)choose();
    request_.prompt_tokens = 1000;
  }
};

TEST_F(SMetricTest, GivesAFirstTurnToTheLeastLoadWithItsCacheCounted) {
  cache(2, 6);
  load(2).sent_tokens = 599;  // 999; the others 1,000.
  RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{2});
  EXPECT_EQ(decision.reason, "first_turn_least_load");
}

// 80 % of five seconds: 3,600 pending and 400 uncached.
TEST_F(SMetricTest, KeepsALaterTurnWithItsCacheWhileThatMeetsTheTarget) {
  begin_session();
  cache(2, 6);
  load(2).sent_tokens = 3600;
  EXPECT_EQ(chosen(), 2U);
  EXPECT_EQ(choose().reason, "session_cache");
  load(2).sent_tokens = 3601;
  EXPECT_NE(chosen(), 2U);
  EXPECT_EQ(choose().reason, "past_slo_least_load");
}

// Less than half of the last prompt's 900 tokens.
TEST_F(SMetricTest, TakesAContextThatIsMostlyGoneForEvicted) {
  begin_session();
  cache(2, 4);
  load(2).sent_tokens = 500;
  EXPECT_EQ(choose().reason, "evicted_least_load");
  EXPECT_NE(chosen(), 2U);
}

TEST_F(SMetricTest, KeepsTheCacheWhereEverybodyIsLate) {
  begin_session();
  cache(2, 6);
  for (std::uint32_t slot = 0; slot < kInstances; ++slot) load(slot).sent_tokens = 4500;
  load(2).sent_tokens = 9000;
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{2});
  EXPECT_EQ(decision.reason, "all_late_session_cache");
}

TEST_F(SMetricTest, PrefersTheLessLoadedOfEqualCaches) {
  begin_session();
  cache(1, 6);
  cache(2, 6);
  load(1).sent_tokens = 2;
  load(2).sent_tokens = 1;
  for (int i = 0; i < 4; ++i) EXPECT_EQ(chosen(), 2U);
}

TEST_F(SMetricTest, TakesEveryRequestWithoutASessionForAFirstTurn) {
  request_.session = 0;
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 4; ++i) {
    RoutingDecision decision = choose();
    EXPECT_EQ(decision.reason, "first_turn_least_load");
    seen.insert(decision.instance.value);
  }
  EXPECT_EQ(seen.size(), 4U);
}

}  // namespace
}  // namespace ringmaster
