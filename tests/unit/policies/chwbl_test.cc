#include <gtest/gtest.h>

#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {
namespace {

class ChwblTest : public PolicyFixture {
 protected:
  ChwblTest() { make("chwbl"); }

  void load_all(std::uint32_t requests) {
    for (std::uint32_t slot = 0; slot < kInstances; ++slot) load(slot).decoding_requests = requests;
  }
};

TEST_F(ChwblTest, TakesTheFirstInstanceClockwiseWhileItHasRoom) {
  for (key_ = 1; key_ < 100; ++key_) {
    const RoutingDecision decision = choose();
    EXPECT_EQ(decision.instance, fleet_.homes(key_)[0]);
    EXPECT_EQ(decision.reason, "first_home");
  }
}

// 15 in flight: ceil(1.25 * 16 / 4) = 5. An instance may take a fifth request, not a sixth.
TEST_F(ChwblTest, WalksOnWhereTheHomeHasReachedItsCapacity) {
  key_ = 7;
  const InstanceId home = fleet_.homes(key_)[0];
  load_all(11);
  for (std::uint32_t slot = 0; slot < kInstances; ++slot) load(slot).decoding_requests = 0;
  fleet_.at(home).load.decoding_requests = 4;
  load((home.value + 1) % 4).decoding_requests = 4;
  load((home.value + 2) % 4).decoding_requests = 4;
  load((home.value + 3) % 4).decoding_requests = 3;
  EXPECT_EQ(choose().instance, home);
  fleet_.at(home).load.decoding_requests = 5;
  load((home.value + 1) % 4).decoding_requests = 3;
  const RoutingDecision decision = choose();
  EXPECT_NE(decision.instance, home);
  EXPECT_EQ(decision.reason, "next_with_room");
}

TEST_F(ChwblTest, OverflowsToTheNextOnTheRingAndNotToTheLeastLoaded) {
  for (key_ = 1; key_ < 50; ++key_) {
    load_all(1);
    const InstanceId home = fleet_.homes(key_)[0];
    fleet_.at(home).load.decoding_requests = 40;
    fleet_.set_draining(home, true);
    const InstanceId next = fleet_.homes(key_)[0];
    fleet_.set_draining(home, false);
    fleet_.at(next).load.decoding_requests = 3;  // Not the least loaded, but it has room.
    EXPECT_EQ(choose().instance, next);
  }
}

TEST_F(ChwblTest, AlwaysFindsRoom) {
  make("chwbl:load_factor=1");
  for (std::uint32_t requests = 0; requests < 5; ++requests) {
    load_all(requests);
    for (key_ = 1; key_ < 50; ++key_) EXPECT_LT(chosen(), kInstances);
  }
}

TEST_F(ChwblTest, CanHashAFixedNumberOfBlocks) {
  make("chwbl:key_blocks=3");
  key_ = 99;
  EXPECT_EQ(choose().instance, fleet_.homes(request_.chain[2].low)[0]);
  make("chwbl:key_blocks=200");
  EXPECT_EQ(choose().instance, fleet_.homes(request_.chain[9].low)[0]);
}

}  // namespace
}  // namespace ringmaster
