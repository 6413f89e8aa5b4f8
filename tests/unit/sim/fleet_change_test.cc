#include "sim/fleet_change.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

using std::chrono::seconds;

TEST(FleetChanges, ArePlannedByTime) {
  Random random(1);
  const auto plan =
      plan_changes({.given = {{.at = seconds(9)}, {.at = seconds(3)}}}, seconds(10), random);
  ASSERT_EQ(plan.size(), 2U);
  EXPECT_EQ(plan[0].at, seconds(3));
}

TEST(FleetChanges, AtRandomComeAtTheirMeanRate) {
  Random random(1);
  const auto plan =
      plan_changes({.random = {{.kind = FleetChangeKind::kCrash, .mean_gap = seconds(10)}}},
                   seconds(100'000), random);
  EXPECT_NEAR(static_cast<double>(plan.size()), 10'000.0, 300.0);
  EXPECT_TRUE(std::ranges::is_sorted(plan, {}, &FleetChange::at));
  EXPECT_FALSE(plan.front().instance.has_value());
}

TEST(FleetChanges, RefuseAStallWithoutALength) {
  EXPECT_EQ(check({.given = {{.kind = FleetChangeKind::kStall}}}).error().message,
            "change 1 of the fleet: expected a length above 0");
}

TEST(FleetChanges, AreOfInstancesThatAreThereOrJoin) {
  const FleetChanges changes = {.given = {{.kind = FleetChangeKind::kJoin},
                                          {.kind = FleetChangeKind::kCrash, .instance = 8}}};
  EXPECT_TRUE(check_places(changes, 8));
  EXPECT_EQ(check_places(changes, 7).error().message, "expected an instance from 0 to 7, found 8");
}

TEST(FleetChanges, RefuseJoinsAtRandom) {
  EXPECT_EQ(
      check({.random = {{.kind = FleetChangeKind::kJoin, .mean_gap = seconds(1)}}}).error().message,
      "random change 1 of the fleet: expected a crash, stall or slow-down");
}

TEST(FleetChanges, RefuseAFactorOutOfRange) {
  EXPECT_EQ(check({.given = {{.kind = FleetChangeKind::kSlow, .length = seconds(1), .factor = 0}}})
                .error()
                .message,
            "change 1 of the fleet: expected a factor from 0.01 to 1000");
}

}  // namespace
}  // namespace ringmaster::sim
