#include <set>

#include <gtest/gtest.h>

#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {
namespace {

// Every instance has room for a million tokens.
class LlumnixTest : public PolicyFixture {
 protected:
  LlumnixTest() { make("llumnix"); }

  double freeness(std::uint32_t slot) {
    RoutingDecision decision = choose();
    for (const ScoredCandidate& candidate : decision.scored()) {
      if (candidate.instance.value == slot) return -candidate.score;
    }
    return 0.0;
  }
};

TEST_F(LlumnixTest, DividesTheFreeTokensByTheBatch) {
  load(1).begin_decode(3000);  // Blocks of 100 tokens.
  load(1).begin_prefill(100'000);
  EXPECT_DOUBLE_EQ(freeness(1), (1'000'000.0 - 300'000 - 100'000) / 2);
  EXPECT_DOUBLE_EQ(freeness(0), 1'000'000.0);
}

TEST_F(LlumnixTest, CountsOfHeldRequestsOnlyTheNext) {
  load(1).hold(2000);
  load(1).hold(4000);
  EXPECT_DOUBLE_EQ(freeness(1), 997'000.0);
}

TEST_F(LlumnixTest, TakesTheFreestAndNotTheOneWithFewestRequests) {
  for (const std::uint32_t slot : {0U, 2U, 3U}) load(slot).begin_decode(9000);
  load(1).begin_decode(100);
  load(1).begin_decode(100);
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{1});
  EXPECT_EQ(decision.reason, "most_free");
}

TEST_F(LlumnixTest, TellsHowFarPastItsMemoryAnInstanceIs) {
  for (std::uint32_t slot = 0; slot < kInstances; ++slot) load(slot).begin_decode(12'000);
  load(2).running_kv_blocks = 11'000;
  EXPECT_EQ(chosen(), 2U);
}

TEST_F(LlumnixTest, GoesAroundOnTies) {
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 4; ++i) seen.insert(chosen());
  EXPECT_EQ(seen.size(), 4U);
}

}  // namespace
}  // namespace ringmaster
