#include "scheduler/scheduler.h"

#include <gtest/gtest.h>

#include "tests/unit/scheduler/scheduler_driver.h"

namespace ringmaster {
namespace {

using Driver = SchedulerDriver;

SchedulerOptions held_round_robin() {
  SchedulerOptions options = Driver::policy("round_robin");
  options.dispatch_window_requests = 1;
  return options;
}

TEST(Scheduler, DispatchesAtOnceWhereThePolicyDoesNotHold) {
  Driver driver(Driver::policy("round_robin"), 1);
  EXPECT_EQ(Driver::of<Dispatch>(driver.arrive(Driver::request(1))).size(), 1U);
  EXPECT_EQ(Driver::of<Dispatch>(driver.arrive(Driver::request(2))).size(), 1U);
}

TEST(Scheduler, HoldsWhatExceedsTheDispatchWindow) {
  Driver driver(held_round_robin(), 1);
  driver.arrive(Driver::request(1));
  const ActionList actions = driver.arrive(Driver::request(2));
  EXPECT_TRUE(Driver::of<Dispatch>(actions).empty());
  ASSERT_EQ(Driver::of<Hold>(actions).size(), 1U);
  EXPECT_EQ(driver.scheduler().load().held_requests, 1U);
}

TEST(Scheduler, DispatchesTheNextHeldRequestOnTheFirstToken) {
  Driver driver(held_round_robin(), 1);
  driver.arrive(Driver::request(1));
  driver.arrive(Driver::request(2));
  const auto dispatched = Driver::of<Dispatch>(driver.first_token(1));
  ASSERT_EQ(dispatched.size(), 1U);
  EXPECT_EQ(dispatched[0].request, RequestId{2});
  EXPECT_EQ(dispatched[0].attempt, 1U);
}

TEST(Scheduler, RejectsWithRetryAfterWhenThereIsNoInstance) {
  Driver driver(Driver::policy("dualmap"), 0);
  const auto rejected = Driver::of<Reject>(driver.arrive(Driver::request(1)));
  ASSERT_EQ(rejected.size(), 1U);
  EXPECT_EQ(rejected[0].error.code, ErrorCode::kUnavailable);
  EXPECT_TRUE(rejected[0].retry_after.has_value());
}

TEST(Scheduler, SendsASharedPrefixToTheSameHome) {
  Driver driver(Driver::policy("dualmap"), 4);
  driver.arrive(Driver::request(1, 1000, 7));
  const InstanceId home = driver.last_dispatch().instance;
  driver.first_token(1);
  driver.finish(1);
  driver.arrive(Driver::request(2, 1000, 7));
  EXPECT_EQ(driver.last_dispatch().instance, home);
  EXPECT_EQ(driver.last_dispatch().expected_cached_tokens, 1000U);
}

TEST(Scheduler, HasNothingBookedOnceEveryRequestHasEnded) {
  Driver driver(Driver::policy("dualmap"), 2);
  for (std::uint64_t id = 1; id <= 8; ++id) driver.arrive(Driver::request(id));
  for (int round = 0; round < 8; ++round) {
    for (std::uint64_t id = 1; id <= 8; ++id) driver.finish(id);
  }
  EXPECT_EQ(driver.scheduler().load().held_requests, 0U);
  EXPECT_EQ(driver.scheduler().load().dispatched_requests, 0U);
  EXPECT_EQ(driver.status(0).sent_tokens + driver.status(1).sent_tokens, 0U);
}

}  // namespace
}  // namespace ringmaster
