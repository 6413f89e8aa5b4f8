#include <vector>

#include <gtest/gtest.h>

#include "policies/copy_plan.h"
#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {
namespace {

const std::vector<InstanceId> kThree{{0}, {1}, {2}};

std::vector<InstanceId> homes_of(const CopyPlan& plan, std::uint64_t key) {
  const auto homes = plan.homes(key);
  return {homes.begin(), homes.end()};
}

TEST(CopyPlan, PutsTheLargestFirstOnTheLeastLoaded) {
  CopyPlan plan;
  std::vector<KeyRate> rates{{4, 0.3}, {1, 0.9}, {3, 0.5}, {2, 0.6}};
  plan.rebuild(rates, kThree, {.key_rate_max = 1.0, .warm_prefixes = 2});
  EXPECT_EQ(homes_of(plan, 1), (std::vector<InstanceId>{{0}}));
  EXPECT_EQ(homes_of(plan, 2), (std::vector<InstanceId>{{1}}));
  EXPECT_EQ(homes_of(plan, 3), (std::vector<InstanceId>{{2}}));
  EXPECT_EQ(homes_of(plan, 4), (std::vector<InstanceId>{{2}}));  // 0.5 is the least.
}

TEST(CopyPlan, CopiesAKeyThatOneInstanceCannotServe) {
  CopyPlan plan;
  std::vector<KeyRate> rates{{1, 1.5}, {2, 99.0}};
  plan.rebuild(rates, kThree, {.key_rate_max = 1.0, .warm_prefixes = 9});
  EXPECT_EQ(homes_of(plan, 1).size(), 2U);
  EXPECT_EQ(homes_of(plan, 2).size(), 3U);  // Not more than there are.
}

TEST(CopyPlan, AdmitsByRateUntilTheWarmSlotsAreFull) {
  CopyPlan plan;
  std::vector<KeyRate> rates{{1, 0.1}, {2, 0.2}, {3, 0.3}, {4, 0.4}};
  plan.rebuild(rates, kThree, {.key_rate_max = 1.0, .warm_prefixes = 1});
  EXPECT_EQ(plan.key_count(), 3U);
  EXPECT_TRUE(plan.homes(1).empty());
}

class CacheRouteTest : public PolicyFixture {
 protected:
  CacheRouteTest() {
    make("cacheroute:plan_seconds=10");
    key_ = 7;
  }
};

TEST_F(CacheRouteTest, TakesTwoChoicesBeforeTheFirstPlan) {
  load(2).decoding_requests = 9;
  for (int i = 0; i < 50; ++i) {
    const RoutingDecision decision = choose();
    EXPECT_EQ(decision.reason, "not_planned_two_choices");
    EXPECT_NE(decision.instance, InstanceId{2});
  }
}

TEST_F(CacheRouteTest, KeepsAKeyOnItsPlannedHome) {
  (void)choose();
  now_ += std::chrono::seconds(10);
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.reason, "planned_home");
  fleet_.at(decision.instance).load.decoding_requests = 50;
  EXPECT_EQ(choose().instance, decision.instance);
  key_ = 8;
  EXPECT_EQ(choose().reason, "not_planned_two_choices");
}

// 40 in ten seconds are a rate of 2 after the first average: two homes.
TEST_F(CacheRouteTest, TakesTheLessLoadedHomeOfAHotKey) {
  for (int i = 0; i < 40; ++i) (void)choose();
  now_ += std::chrono::seconds(10);
  const RoutingDecision first = choose();
  EXPECT_EQ(first.reason, "least_loaded_planned_home");
  EXPECT_EQ(first.considered(), 2U);
  fleet_.at(first.instance).load.decoding_requests = 1;
  EXPECT_NE(choose().instance, first.instance);
}

TEST_F(CacheRouteTest, ForgetsAKeyThatNobodyAsksFor) {
  (void)choose();
  key_ = 8;
  for (int i = 0; i < 6; ++i) {
    now_ += std::chrono::seconds(10);
    (void)choose();
  }
  key_ = 7;
  EXPECT_EQ(choose().reason, "not_planned_two_choices");
}

TEST_F(CacheRouteTest, LeavesThePlanWhereItsHomeIsGone) {
  (void)choose();
  now_ += std::chrono::seconds(10);
  fleet_.set_health(choose().instance, Health::kDead);
  EXPECT_EQ(choose().reason, "not_planned_two_choices");
}

TEST_F(CacheRouteTest, CanPlanByTenant) {
  make("cacheroute:plan_seconds=10,key=tenant");
  request_.tenant = 5;
  (void)choose();
  now_ += std::chrono::seconds(10);
  key_ = 99;
  EXPECT_EQ(choose().reason, "planned_home");
}

}  // namespace
}  // namespace ringmaster
