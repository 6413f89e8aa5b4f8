#include "policies/ttl_pin.h"

#include <gtest/gtest.h>

#include "policies/pause_history.h"
#include "tests/unit/policies/learning_fixture.h"

namespace ringmaster {
namespace {

class TtlPinTest : public LearningFixture {
 protected:
  TtlPinTest() {
    make("ttl_pin");
    request_.session = 9;
  }

  std::uint64_t pinned(std::uint32_t slot) {
    return dynamic_cast<TtlPin&>(*policy_).pinned_tokens({slot});
  }
  /// One turn on this instance, whatever is loaded elsewhere.
  void turn_at(std::uint32_t slot) {
    for (std::uint32_t other = 0; other < kInstances; ++other) load(other) = {};
    for (std::uint32_t other = 0; other < kInstances; ++other) {
      if (other != slot) load(other).begin_prefill(3000);
    }
    ASSERT_EQ(chosen(), slot);
    serve(request_, slot);
    for (std::uint32_t other = 0; other < kInstances; ++other) load(other) = {};
  }
};

TEST_F(TtlPinTest, SendsTheNextTurnWhereTheSessionIsPinned) {
  turn_at(2);
  EXPECT_EQ(pinned(2), 1000U);
  load(2).begin_prefill(500);
  wait(59.0);
  prompt(10, 20, 1);
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{2});
  EXPECT_EQ(decision.reason, "pinned_home");
}

TEST_F(TtlPinTest, CountsThePinnedContextAsCachedThoughTheIndexKnowsNothing) {
  turn_at(2);
  prompt(10, 20, 1);
  RoutingDecision decision = choose();
  ASSERT_EQ(decision.scored().size(), 1U);
  EXPECT_EQ(decision.scored()[0].cached_tokens, 1000U);
}

TEST_F(TtlPinTest, LetsAPinExpire) {
  turn_at(2);
  load(2).begin_prefill(500);
  wait(60.0);
  EXPECT_NE(chosen(), 2U);
  EXPECT_EQ(pinned(2), 0U);
}

TEST_F(TtlPinTest, LeavesAHomePastTheTarget) {
  turn_at(2);
  load(2).begin_prefill(5000);
  const RoutingDecision decision = choose();
  EXPECT_NE(decision.instance, InstanceId{2});
  EXPECT_EQ(decision.reason, "pinned_home_past_slo");
}

TEST_F(TtlPinTest, KeepsOthersFromPushingPinnedContextsOut) {
  fleet_.remove({2});
  fleet_.add({2}, {.name = "small", .prefill_seconds_per_token = 0.001, .kv_cache_tokens = 1500},
             ResidencySource::kEvents);
  turn_at(2);
  request_.session = 0;
  prompt(0, 10, 5);
  for (const std::uint32_t other : {0U, 1U, 3U}) load(other).begin_prefill(400);
  EXPECT_NE(chosen(), 2U);  // 500 tokens would have to go: 0.5 s more.
  for (const std::uint32_t other : {0U, 1U, 3U}) load(other).begin_prefill(200);
  EXPECT_EQ(chosen(), 2U);
}

TEST_F(TtlPinTest, PinsNothingOfWhatFailedOrHasNoSession) {
  chosen();
  tell().dispatched(seen(request_, 1, 0.0));
  tell().ended(seen(request_, 1, 1.0));
  request_.session = 0;
  serve(request_, 1);
  EXPECT_EQ(pinned(1), 0U);
}

TEST_F(TtlPinTest, ForgetsThePinsOfAnInstanceThatLeaves) {
  turn_at(2);
  tell().instance_left({2});
  EXPECT_EQ(pinned(2), 0U);
  load(2).begin_prefill(500);
  EXPECT_NE(chosen(), 2U);
}

TEST_F(TtlPinTest, HoldsAtMostSoManySessions) {
  make("ttl_pin:sessions_max=1");
  turn_at(2);
  request_.session = 10;
  turn_at(1);
  EXPECT_EQ(pinned(2), 0U);
  EXPECT_EQ(pinned(1), 1000U);
}

TEST_F(TtlPinTest, LearnsHowLongPausesAre) {
  make("ttl_pin:memory_price=0.001");
  for (int turn = 0; turn < 30; ++turn) {
    chosen();
    serve(request_, 1);
    wait(100.0);
  }
  chosen();
  serve(request_, 1);
  wait(99.0);  // Past the first guess of 60 s.
  load(1).begin_prefill(500);
  EXPECT_EQ(choose().reason, "pinned_home");
}

TEST(PauseHistory, WeighsTheChanceOfAReturnAgainstThePriceOfWaiting) {
  PauseHistory pauses;
  for (int i = 0; i < 15; ++i) pauses.add(2.0);
  EXPECT_FALSE(pauses.is_known());
  for (int i = 0; i < 5; ++i) pauses.add(50.0);
  EXPECT_TRUE(pauses.is_known());
  EXPECT_DOUBLE_EQ(pauses.best_seconds(10.0, 0.1), 2.0);    // 7.3 against 5.0.
  EXPECT_DOUBLE_EQ(pauses.best_seconds(100.0, 0.1), 50.0);  // 74.8 against 95.
  EXPECT_DOUBLE_EQ(pauses.best_seconds(1.0, 1.0), 0.0);     // Nothing pays.
}

}  // namespace
}  // namespace ringmaster
