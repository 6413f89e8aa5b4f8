#include <set>

#include <gtest/gtest.h>

#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {
namespace {

class LeastWorkLeftTest : public PolicyFixture {
 protected:
  LeastWorkLeftTest() { make("least_work_left"); }
};

TEST_F(LeastWorkLeftTest, AddsPendingAndUncachedTokens) {
  cache(1, 5);  // 450 + 500
  load(1).held_tokens = 450;
  cache(2, 9);  // 851 + 100
  load(2).sent_tokens = 851;
  load(0).sent_tokens = 1;  // 1,001
  load(3).sent_tokens = 1;
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{1});
  EXPECT_EQ(decision.reason, "least_work_left");
}

TEST_F(LeastWorkLeftTest, SettlesEqualWorkByFewerRequests) {
  for (const std::uint32_t slot : {0U, 1U, 3U}) load(slot).decoding_requests = 2;
  load(2).decoding_requests = 1;
  for (int i = 0; i < 8; ++i) EXPECT_EQ(chosen(), 2U);
}

TEST_F(LeastWorkLeftTest, GoesAroundOnEqualWorkAndRequests) {
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 4; ++i) seen.insert(chosen());
  EXPECT_EQ(seen.size(), 4U);
}

TEST_F(LeastWorkLeftTest, TakesAllInstancesForEquallyFast) {
  fleet_.remove({3});
  fleet_.add({3}, {.name = "fast", .prefill_seconds_per_token = 0.0001}, ResidencySource::kEvents);
  load(3).sent_tokens = 1;
  for (int i = 0; i < 8; ++i) EXPECT_NE(chosen(), 3U);
}

TEST_F(LeastWorkLeftTest, ShowsItsChoiceAmongManyEqualOnes) {
  for (std::uint32_t slot = 4; slot < 40; ++slot) {
    fleet_.add({slot}, {.name = "more" + std::to_string(slot)}, ResidencySource::kEvents);
  }
  for (std::uint32_t slot = 0; slot < 40; ++slot) load(slot).decoding_requests = 1;
  load(20).decoding_requests = 0;
  for (int i = 0; i < 40; ++i) {
    RoutingDecision decision = choose();
    EXPECT_EQ(decision.instance, InstanceId{20});
    EXPECT_EQ(std::ranges::count(decision.scored(), InstanceId{20}, &ScoredCandidate::instance), 1);
  }
}

}  // namespace
}  // namespace ringmaster
