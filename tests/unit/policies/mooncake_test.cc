#include <gtest/gtest.h>

#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {
namespace {

class MooncakeTest : public PolicyFixture {
 protected:
  void load_all(std::uint64_t tokens) {
    for (std::uint32_t slot = 0; slot < kInstances; ++slot) load(slot).sent_tokens = tokens;
  }
};

TEST_F(MooncakeTest, TakesTheSoonestFirstToken) {
  make("mooncake");
  load_all(4500);
  cache(2, 6);  // 4.9 s; the others 5.5 s.
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{2});
  EXPECT_FALSE(decision.is_refused);
}

TEST_F(MooncakeTest, RefusesWhatWouldBeLateEverywhere) {
  make("mooncake");
  load_all(4000);
  EXPECT_FALSE(choose().is_refused);  // 5 s, on the target.
  load_all(4001);
  const RoutingDecision decision = choose();
  EXPECT_TRUE(decision.is_refused);
  EXPECT_EQ(decision.reason, "past_slo_everywhere");
}

TEST_F(MooncakeTest, RefusalCanBeMovedOrSwitchedOff) {
  make("mooncake:reject_above=2");
  load_all(9000);
  EXPECT_FALSE(choose().is_refused);
  load_all(9001);
  EXPECT_TRUE(choose().is_refused);
  make("mooncake:reject=off");
  EXPECT_FALSE(choose().is_refused);
}

}  // namespace
}  // namespace ringmaster
