#include <set>

#include <gtest/gtest.h>

#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {
namespace {

class AibrixTest : public PolicyFixture {
 protected:
  AibrixTest() { make("aibrix_prefix"); }
};

TEST_F(AibrixTest, TakesTheLongestMatch) {
  cache(1, 3);
  cache(2, 4);
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{2});
  EXPECT_EQ(decision.reason, "most_cached_not_busy");
}

TEST_F(AibrixTest, SettlesEqualMatchesByFewerRequests) {
  cache(1, 3);
  cache(2, 3);
  load(1).decoding_requests = 1;
  EXPECT_EQ(chosen(), 2U);
}

// Loads 0, 3, 4, 0: mean 1.75, standard deviation 1.785; 4 is past 3.535, 3 is not.
TEST_F(AibrixTest, PassesOverThoseADeviationBusierThanTheMean) {
  cache(2, 9);
  cache(1, 1);
  load(2).decoding_requests = 4;
  load(1).decoding_requests = 3;
  EXPECT_EQ(chosen(), 1U);
}

TEST_F(AibrixTest, TakesTheLeastLoadedWhereNoMatchIsQuietEnough) {
  cache(2, 9);
  load(2).decoding_requests = 4;
  const RoutingDecision decision = choose();
  EXPECT_NE(decision.instance, InstanceId{2});
  EXPECT_EQ(decision.reason, "no_match_least_load");
}

TEST_F(AibrixTest, KeepsToTheLeastLoadedWhenMoreThanEightApart) {
  cache(2, 9);
  cache(3, 1);
  load(2).decoding_requests = 1;
  load(1).decoding_requests = 9;
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{3});
  EXPECT_EQ(decision.reason, "out_of_balance_least_load");
}

TEST_F(AibrixTest, SpreadsOverEqualInstances) {
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 100; ++i) seen.insert(chosen());
  EXPECT_EQ(seen.size(), 4U);
}

}  // namespace
}  // namespace ringmaster
