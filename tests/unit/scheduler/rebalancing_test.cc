#include <array>

#include <gtest/gtest.h>

#include "tests/unit/scheduler/scheduler_driver.h"

namespace ringmaster {
namespace {

using Driver = SchedulerDriver;

/// Requests go round two instances, which are the homes of every prefix; a request can move to the
/// other one. Target: five seconds, 5,000 tokens.
SchedulerOptions rebalancing(Rebalancing form) {
  SchedulerOptions options = Driver::policy("round_robin");
  options.dispatch_window_requests = 1;
  options.rebalancing = form;
  return options;
}

std::vector<Move> moves(const ActionList& actions) {
  return Driver::of<Move>(actions);
}

TEST(PaperRebalancing, MovesAHeldRequestOffAnInstancePastTheTarget) {
  Driver driver(rebalancing(Rebalancing::kPaper));
  driver.arrive(Driver::request(1, 4000));
  driver.arrive(Driver::request(2, 100));
  const auto moved = moves(driver.arrive(Driver::request(3, 2000)));
  ASSERT_EQ(moved.size(), 1U);
  EXPECT_EQ(moved[0].request, RequestId{3});
  EXPECT_EQ(moved[0].from, InstanceId{0});
  EXPECT_EQ(moved[0].to, InstanceId{1});
  EXPECT_EQ(driver.status(1).held_requests, 1U);
  EXPECT_EQ(driver.status(0).held_tokens, 0U);
  EXPECT_EQ(driver.scheduler().load().moves, 1U);
}

TEST(PaperRebalancing, LeavesAnInstanceWithinTheTargetAlone) {
  Driver driver(rebalancing(Rebalancing::kPaper));
  driver.arrive(Driver::request(1, 4000));
  driver.arrive(Driver::request(2, 100));
  EXPECT_TRUE(moves(driver.arrive(Driver::request(3, 1000))).empty());
}

TEST(PaperRebalancing, DispatchesAtOnceWhereTheTargetIsFree) {
  Driver driver(rebalancing(Rebalancing::kPaper));
  driver.arrive(Driver::request(1, 4000));  // On 0.
  driver.arrive(Driver::request(2, 100));   // On 1.
  driver.finish(2);
  const ActionList actions = driver.arrive(Driver::request(3, 2000));
  EXPECT_EQ(moves(actions).size(), 1U);
  ASSERT_EQ(Driver::of<Dispatch>(actions).size(), 1U);
  EXPECT_EQ(Driver::of<Dispatch>(actions)[0].instance, InstanceId{1});
}

TEST(PaperRebalancing, DoesNotMoveWhereTheTargetWouldBeMissedToo) {
  Driver driver(rebalancing(Rebalancing::kPaper));
  driver.arrive(Driver::request(1, 4900));
  driver.arrive(Driver::request(2, 4900));
  EXPECT_TRUE(moves(driver.arrive(Driver::request(3, 2000))).empty());
}

TEST(PaperRebalancing, MovesNoMoreThanTheExcess) {
  Driver driver(rebalancing(Rebalancing::kPaper));
  driver.arrive(Driver::request(1, 3000));                            // On 0.
  driver.arrive(Driver::request(2, 2400));                            // On 1.
  driver.arrive(Driver::request(3, 1000));                            // Held for 0.
  driver.arrive(Driver::request(4, 100));                             // Held for 1.
  const auto moved = moves(driver.arrive(Driver::request(5, 1500)));  // Held for 0: 5,500 there.
  ASSERT_EQ(moved.size(), 1U);
  // 5 would come out after 5.5 s here and 4 s there, 3 after 4 s here and 3.5 s there.
  EXPECT_EQ(moved[0].request, RequestId{5});
}

TEST(PaperRebalancing, MovesARequestThatHasWaitedThreeSeconds) {
  Driver driver(rebalancing(Rebalancing::kPaper));
  driver.arrive(Driver::request(1, 1000));
  driver.arrive(Driver::request(2, 100));
  const auto wakes = Driver::of<Wake>(driver.arrive(Driver::request(3, 1000)));
  ASSERT_EQ(wakes.size(), 1U);
  EXPECT_EQ(wakes[0].at, driver.now() + std::chrono::seconds(3));
  EXPECT_TRUE(moves(driver.tick(2.9)).empty());
  EXPECT_EQ(moves(driver.tick(0.1)).size(), 1U);
}

TEST(PaperRebalancing, LogsTheMoveWithBothInstances) {
  Driver driver(rebalancing(Rebalancing::kPaper));
  driver.arrive(Driver::request(1, 4000));
  driver.arrive(Driver::request(2, 100));
  driver.arrive(Driver::request(3, 2000));
  const DecisionRecord& record = *driver.scheduler().decisions().recent(1)[0];
  EXPECT_EQ(record.policy, "rebalancing");
  EXPECT_EQ(record.chosen, InstanceId{1});
  EXPECT_EQ(record.candidate_count, 2U);
  driver.finish(2);
  EXPECT_EQ(driver.last_dispatch().decision, record.id);
}

TEST(PaperRebalancing, NeverMovesToAnInstanceThatTakesNoRequests) {
  Driver driver(rebalancing(Rebalancing::kPaper));
  driver.arrive(Driver::request(1, 4000));
  driver.apply(InstanceDraining{{1}, true});
  EXPECT_TRUE(moves(driver.arrive(Driver::request(2, 2000))).empty());
}

TEST(CodeRebalancing, NeedsTwoHeldRequests) {
  Driver driver(rebalancing(Rebalancing::kCode));
  driver.arrive(Driver::request(1, 4000));
  driver.arrive(Driver::request(2, 100));
  EXPECT_TRUE(moves(driver.arrive(Driver::request(3, 2000))).empty());
  driver.arrive(Driver::request(4, 100));
  EXPECT_FALSE(moves(driver.arrive(Driver::request(5, 500))).empty());
}

TEST(CodeRebalancing, MovesTheCheapestUntilTheExcessIsCovered) {
  Driver driver(rebalancing(Rebalancing::kCode));
  driver.arrive(Driver::request(1, 4000));  // On 0.
  driver.arrive(Driver::request(2, 100));   // On 1.
  driver.arrive(Driver::request(3, 900));   // Held for 0: 4,900 there.
  driver.arrive(Driver::request(4, 100));   // Held for 1.
  // Held for 0: 5,500, an excess of 500. 3 gains 4.9 - 1.1 s, 5 gains 5.5 - 0.8 s.
  const auto moved = moves(driver.arrive(Driver::request(5, 600)));
  ASSERT_EQ(moved.size(), 1U);
  EXPECT_EQ(moved[0].request, RequestId{5});
}

/// The homes of a prefix in a fleet of three: what DualMap weighs in one that knows nothing yet.
std::array<InstanceId, 2> homes_of(std::uint64_t prefix) {
  Driver driver(Driver::policy("dualmap"), 3);
  driver.arrive(Driver::request(1, 100, prefix));
  const auto& weighed = driver.scheduler().decisions().find(1)->candidates;
  return {weighed[0].instance, weighed[1].instance};
}

/// The first prefix from `from` on whose first home is this instance.
std::uint64_t prefix_at(InstanceId first_home, std::uint64_t from) {
  while (homes_of(from)[0] != first_home) ++from;
  return from;
}

TEST(CodeRebalancing, SpillsOutOfThePairWhereBothHomesAreOverloaded) {
  SchedulerOptions options = Driver::policy("prefix_affinity");
  options.dispatch_window_requests = 1;
  options.rebalancing = Rebalancing::kCode;
  Driver driver(options, 3);
  const auto pair = homes_of(1);
  driver.arrive(Driver::request(1, 6000, prefix_at(pair[1], 2)));
  driver.arrive(Driver::request(2, 3000, 1));
  driver.arrive(Driver::request(3, 1500, 1));
  const auto moved = moves(driver.arrive(Driver::request(4, 1500, 1)));
  ASSERT_EQ(moved.size(), 1U);
  EXPECT_EQ(moved[0].from, pair[0]);
  EXPECT_NE(moved[0].to, pair[1]);
}

TEST(PaperRebalancing, NeverLeavesThePair) {
  SchedulerOptions options = Driver::policy("prefix_affinity");
  options.dispatch_window_requests = 1;
  options.rebalancing = Rebalancing::kPaper;
  Driver driver(options, 3);
  const auto pair = homes_of(1);
  driver.arrive(Driver::request(1, 6000, prefix_at(pair[1], 2)));
  driver.arrive(Driver::request(2, 3000, 1));
  driver.arrive(Driver::request(3, 1500, 1));
  EXPECT_TRUE(moves(driver.arrive(Driver::request(4, 1500, 1))).empty());
}

TEST(Rebalancing, CanBeSwitchedOff) {
  Driver driver(rebalancing(Rebalancing::kOff));
  driver.arrive(Driver::request(1, 4000));
  driver.arrive(Driver::request(2, 100));
  EXPECT_TRUE(moves(driver.arrive(Driver::request(3, 2000))).empty());
  EXPECT_TRUE(moves(driver.tick(10)).empty());
}

/// Memory for 10,000 tokens each.
class FreenessRebalancing : public testing::Test {
 protected:
  FreenessRebalancing() : driver_(rebalancing(Rebalancing::kFreeness), 0) {
    for (const std::uint32_t slot : {0U, 1U}) {
      driver_.apply(InstanceAdded{.instance = {slot},
                                  .spec = {.name = "i" + std::to_string(slot),
                                           .prefill_seconds_per_token = 0.001,
                                           .kv_cache_tokens = 10'000}});
    }
  }
  Driver driver_;
};

TEST_F(FreenessRebalancing, MovesTheShortestOffAnInstanceWhoseMemoryIsFull) {
  driver_.arrive(Driver::request(1, 9000));  // On 0.
  driver_.arrive(Driver::request(2, 100));   // On 1.
  EXPECT_TRUE(moves(driver_.arrive(Driver::request(3, 900))).empty());
  driver_.arrive(Driver::request(4, 100));
  const auto moved = moves(driver_.arrive(Driver::request(5, 1200)));  // Now 0 is full.
  ASSERT_GE(moved.size(), 1U);
  EXPECT_EQ(moved[0].request, RequestId{3});
  EXPECT_EQ(moved[0].to, InstanceId{1});
  const auto decisions = driver_.scheduler().decisions().recent(1);
  EXPECT_EQ(decisions[0]->reason, "sooner_at_freer_instance");
}

TEST_F(FreenessRebalancing, MovesNothingThatWouldNotBeSooner) {
  driver_.arrive(Driver::request(1, 9500));
  driver_.arrive(Driver::request(2, 9400));
  driver_.arrive(Driver::request(3, 100));  // 9.6 s on 0, 9.5 s on 1 with its own tokens.
  EXPECT_EQ(driver_.status(0).held_requests + driver_.status(1).held_requests, 1U);
  EXPECT_TRUE(moves(driver_.arrive(Driver::request(4, 200))).empty());
}

TEST_F(FreenessRebalancing, MovesNothingToAFreerInstanceWhereItWouldBeLater) {
  Driver driver(rebalancing(Rebalancing::kFreeness), 0);
  driver.apply(InstanceAdded{
      .instance = {0},
      .spec = {.name = "i0", .prefill_seconds_per_token = 0.001, .kv_cache_tokens = 10'000}});
  driver.apply(InstanceAdded{
      .instance = {1},
      .spec = {.name = "i1", .prefill_seconds_per_token = 0.001, .kv_cache_tokens = 1'000'000}});
  driver.arrive(Driver::request(1, 2000));
  driver.arrive(Driver::request(2, 9000));
  ASSERT_EQ(Driver::of<Hold>(driver.arrive(Driver::request(3, 500))).size(), 1U);
  EXPECT_TRUE(moves(driver.tick(3.1)).empty());
}

TEST_F(FreenessRebalancing, MovesWhatHasWaitedThreeSeconds) {
  driver_.arrive(Driver::request(1, 2000));
  driver_.arrive(Driver::request(2, 100));
  driver_.arrive(Driver::request(3, 500));  // Held on 0.
  driver_.finish(2);
  EXPECT_TRUE(moves(driver_.tick(2.9)).empty());
  EXPECT_EQ(moves(driver_.tick(0.2)).size(), 1U);
}

TEST_F(FreenessRebalancing, TellsTheMeanFreenessOfTheFleet) {
  EXPECT_DOUBLE_EQ(driver_.scheduler().load().mean_freeness, 10'000.0);
  driver_.arrive(Driver::request(1, 4000));
  EXPECT_DOUBLE_EQ(driver_.scheduler().load().mean_freeness, 8'000.0);
}

}  // namespace
}  // namespace ringmaster
