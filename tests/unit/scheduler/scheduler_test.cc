#include "scheduler/scheduler.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/scheduler/scheduler_driver.h"

namespace ringmaster {
namespace {

using Driver = SchedulerDriver;

/// One prefill at a time per instance; requests go round.
SchedulerOptions held_round_robin() {
  SchedulerOptions options = Driver::policy("round_robin");
  options.dispatch_window_requests = 1;
  return options;
}

std::vector<std::uint64_t> dispatched(const ActionList& actions) {
  std::vector<std::uint64_t> ids;
  for (const Dispatch& dispatch : Driver::of<Dispatch>(actions))
    ids.push_back(dispatch.request.value);
  return ids;
}

using Ids = std::vector<std::uint64_t>;

TEST(Scheduler, RefusesUnknownPoliciesAndValuesOutOfRange) {
  const auto message = [](SchedulerOptions options) {
    const auto scheduler = Scheduler::create(options);
    return scheduler ? std::string("no error") : scheduler.error().message;
  };
  EXPECT_EQ(message({.policy = {.name = "roundrobin"}}).substr(0, 60),
            "unknown policy 'roundrobin' (did you mean 'round_robin'?); k");
  EXPECT_EQ(message({.attempts_max = 0}), "attempts_max=0: expected 1 to 16");
  EXPECT_EQ(message({.ring_points = 0}), "ring_points=0: expected 1 to 10000");
  EXPECT_EQ(message({.retry_budget_share = 2.0}), "retry_budget_share=2.000000: expected 0 to 1");
  EXPECT_EQ(message({.ttft_slo = Duration::zero()}),
            "ttft_slo=0.000000s: expected more than 0 and at most 86400s");
}

TEST(Scheduler, FillsInThePublishedFormOfItsPolicy) {
  Driver driver(Driver::policy("dualmap:variant=code"));
  EXPECT_EQ(driver.scheduler().options().queue, QueueDiscipline::kLongestHit);
  EXPECT_EQ(driver.scheduler().options().rebalancing, Rebalancing::kCode);
  EXPECT_EQ(driver.scheduler().options().dispatch_window_requests, 1U);
}

// Hold and window.

TEST(Scheduler, DispatchesAtOnceWhereThePolicyDoesNotHold) {
  Driver driver(Driver::policy("round_robin"), 1);
  EXPECT_EQ(dispatched(driver.arrive(Driver::request(1))), Ids{1});
  EXPECT_EQ(dispatched(driver.arrive(Driver::request(2))), Ids{2});
}

TEST(Scheduler, HoldsWhatExceedsTheDispatchWindow) {
  Driver driver(held_round_robin(), 1);
  driver.arrive(Driver::request(1));
  const ActionList actions = driver.arrive(Driver::request(2));
  EXPECT_TRUE(dispatched(actions).empty());
  EXPECT_EQ(Driver::of<Hold>(actions).size(), 1U);
  EXPECT_EQ(driver.scheduler().load().held_requests, 1U);
  EXPECT_EQ(driver.status(0).held_tokens, 1000U);
  EXPECT_EQ(driver.status(0).sent_tokens, 1000U);
}

TEST(Scheduler, DispatchesTheNextHeldRequestOnTheFirstToken) {
  Driver driver(held_round_robin(), 1);
  driver.arrive(Driver::request(1));
  driver.arrive(Driver::request(2));
  EXPECT_EQ(dispatched(driver.first_token(1)), Ids{2});
}

TEST(Scheduler, DispatchesTheNextHeldRequestWhenOneEndsWithoutAFirstToken) {
  Driver driver(held_round_robin(), 1);
  driver.arrive(Driver::request(1));
  driver.arrive(Driver::request(2));
  EXPECT_EQ(dispatched(driver.finish(1)), Ids{2});
}

TEST(Scheduler, AWiderWindowSendsAsManyPrefills) {
  SchedulerOptions options = held_round_robin();
  options.dispatch_window_requests = 3;
  Driver driver(options, 1);
  for (std::uint64_t id = 1; id <= 5; ++id) driver.arrive(Driver::request(id));
  EXPECT_EQ(driver.status(0).prefilling_requests, 3U);
  EXPECT_EQ(driver.status(0).held_requests, 2U);
}

TEST(Scheduler, AssumesFirstTokensThatCannotBeSeenAtTheEstimate) {
  Driver driver(held_round_robin(), 1);
  RequestSpec unseen = Driver::request(1);
  unseen.first_token_visible = false;
  const auto wakes = Driver::of<Wake>(driver.arrive(unseen));
  ASSERT_EQ(wakes.size(), 1U);
  EXPECT_EQ(wakes[0].at, driver.now() + std::chrono::seconds(1));
  driver.arrive(Driver::request(2));
  EXPECT_TRUE(dispatched(driver.tick(0.999)).empty());
  EXPECT_EQ(dispatched(driver.tick(0.001)), Ids{2});
}

// Order.

TEST(Scheduler, ServesHeldRequestsInOrderOfArrival) {
  Driver driver(held_round_robin(), 1);
  for (std::uint64_t id = 1; id <= 4; ++id) driver.arrive(Driver::request(id));
  EXPECT_EQ(dispatched(driver.finish(1)), Ids{2});
  EXPECT_EQ(dispatched(driver.finish(2)), Ids{3});
}

TEST(Scheduler, ServesLargerPrioritiesFirst) {
  Driver driver(held_round_robin(), 1);
  driver.arrive(Driver::request(1));
  driver.arrive(Driver::request(2));
  RequestSpec urgent = Driver::request(3);
  urgent.priority = 1;
  driver.arrive(urgent);
  EXPECT_EQ(dispatched(driver.finish(1)), Ids{3});
  EXPECT_EQ(dispatched(driver.finish(3)), Ids{2});
}

TEST(Scheduler, LongestHitServesTheMostCachedFirst) {
  SchedulerOptions options = held_round_robin();
  options.queue = QueueDiscipline::kLongestHit;
  Driver driver(options, 1);
  driver.arrive(Driver::request(1, 1000, 7));
  driver.finish(1);
  driver.arrive(Driver::request(2));
  driver.arrive(Driver::request(3));
  driver.arrive(Driver::request(4, 1000, 7));
  EXPECT_EQ(dispatched(driver.finish(2)), Ids{4});
}

TEST(Scheduler, LongestHitFreezesTheHitWhenARequestIsQueued) {
  SchedulerOptions options = held_round_robin();
  options.queue = QueueDiscipline::kLongestHit;
  Driver driver(options, 1);
  driver.arrive(Driver::request(1, 1000, 7));
  driver.arrive(Driver::request(2));
  driver.arrive(Driver::request(3, 1000, 7));  // Cached only once request 1 is through.
  EXPECT_EQ(dispatched(driver.finish(1)), Ids{2});
}

TEST(Scheduler, RecomputesTheExpectedHitWhenItDispatches) {
  Driver driver(held_round_robin(), 1);
  driver.arrive(Driver::request(1, 1000, 7));
  driver.arrive(Driver::request(2, 1000, 7));
  driver.first_token(1);
  EXPECT_EQ(driver.last_dispatch().expected_cached_tokens, 1000U);
  EXPECT_EQ(driver.status(0).sent_tokens, 1U);
}

// Limits.

TEST(Scheduler, RejectsWithRetryAfterWhenThereIsNoInstance) {
  Driver driver(Driver::policy("dualmap"), 0);
  const auto rejected = Driver::of<Reject>(driver.arrive(Driver::request(1)));
  ASSERT_EQ(rejected.size(), 1U);
  EXPECT_EQ(rejected[0].error.code, ErrorCode::kUnavailable);
  EXPECT_TRUE(rejected[0].retry_after.has_value());
}

TEST(Scheduler, ServesAgainOnceAnInstanceIsBack) {
  Driver driver(Driver::policy("dualmap"), 1);
  driver.apply(HealthChanged{{0}, Health::kDead});
  EXPECT_EQ(Driver::of<Reject>(driver.arrive(Driver::request(1))).size(), 1U);
  driver.apply(HealthChanged{{0}, Health::kHealthy});
  EXPECT_EQ(dispatched(driver.arrive(Driver::request(2))), Ids{2});
}

TEST(Scheduler, RejectsAtOnceWhatItsPolicyRefuses) {
  Driver driver(Driver::policy("mooncake"), 1);
  driver.arrive(Driver::request(1, 4500));  // 4.5 s; a further 1,000 tokens are past 5 s.
  const auto rejected = Driver::of<Reject>(driver.arrive(Driver::request(2, 1000)));
  ASSERT_EQ(rejected.size(), 1U);
  EXPECT_EQ(rejected[0].error.code, ErrorCode::kOverloaded);
  EXPECT_EQ(rejected[0].error.message, "no instance can answer within the target");
  EXPECT_EQ(rejected[0].retry_after, std::chrono::milliseconds(4500));
  EXPECT_EQ(driver.status(0).sent_tokens, 4500U);
}

TEST(Scheduler, RejectsWhatDoesNotFitIntoTheQueue) {
  SchedulerOptions options = held_round_robin();
  options.queue_requests_max = 1;
  Driver driver(options, 1);
  driver.arrive(Driver::request(1, 9000));
  driver.arrive(Driver::request(2));
  const auto rejected = Driver::of<Reject>(driver.arrive(Driver::request(3)));
  ASSERT_EQ(rejected.size(), 1U);
  EXPECT_EQ(rejected[0].error.code, ErrorCode::kOverloaded);
  EXPECT_EQ(rejected[0].retry_after, std::chrono::seconds(10));  // What is pending there.
}

TEST(Scheduler, RejectsARequestThatWaitedPastTheFleetsLimit) {
  SchedulerOptions options = held_round_robin();
  options.queue_wait_max = std::chrono::seconds(60);
  Driver driver(options, 1);
  driver.arrive(Driver::request(1));
  driver.arrive(Driver::request(2));
  EXPECT_TRUE(Driver::of<Reject>(driver.tick(59.9)).empty());
  const auto rejected = Driver::of<Reject>(driver.tick(0.1));
  ASSERT_EQ(rejected.size(), 1U);
  EXPECT_EQ(rejected[0].request, RequestId{2});
  EXPECT_EQ(rejected[0].error.code, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(driver.status(0).held_tokens, 0U);
}

TEST(Scheduler, ARequestsOwnQueueDeadlineComesFirst) {
  Driver driver(held_round_robin(), 1);
  driver.arrive(Driver::request(1));
  RequestSpec hasty = Driver::request(2);
  hasty.queue_deadline = std::chrono::milliseconds(500);
  EXPECT_EQ(Driver::of<Wake>(driver.arrive(hasty)).at(0).at,
            driver.now() + std::chrono::milliseconds(500));
  EXPECT_EQ(Driver::of<Reject>(driver.tick(0.5)).size(), 1U);
}

// Failure and retry.

TEST(Scheduler, RetriesOnAnInstanceThatWasNotTried) {
  Driver driver(Driver::policy("round_robin"), 3);
  std::set<std::uint32_t> tried;
  driver.arrive(Driver::request(1));
  tried.insert(driver.last_dispatch().instance.value);
  driver.fail(1, 1);
  EXPECT_EQ(driver.last_dispatch().attempt, 2U);
  tried.insert(driver.last_dispatch().instance.value);
  driver.fail(1, 2);
  EXPECT_EQ(driver.last_dispatch().attempt, 3U);
  tried.insert(driver.last_dispatch().instance.value);
  EXPECT_EQ(tried.size(), 3U);
}

TEST(Scheduler, RejectsAfterTheLastAttempt) {
  SchedulerOptions options = Driver::policy("round_robin");
  options.attempts_max = 2;
  Driver driver(options, 3);
  driver.arrive(Driver::request(1));
  driver.fail(1, 1);
  const auto rejected = Driver::of<Reject>(driver.fail(1, 2));
  ASSERT_EQ(rejected.size(), 1U);
  EXPECT_EQ(rejected[0].error.code, ErrorCode::kUnavailable);
}

TEST(Scheduler, RejectsWhenEveryInstanceHasBeenTried) {
  Driver driver(Driver::policy("dualmap"), 1);
  driver.arrive(Driver::request(1));
  EXPECT_EQ(Driver::of<Reject>(driver.fail(1)).size(), 1U);
}

TEST(Scheduler, ForgetsAFailureThatMayNotBeRetried) {
  Driver driver(Driver::policy("round_robin"), 2);
  driver.arrive(Driver::request(1));
  EXPECT_TRUE(driver.fail(1, 1, false).empty());
  EXPECT_EQ(driver.scheduler().load().dispatched_requests, 0U);
}

TEST(Scheduler, KeepsRetriesInFlightWithinTheBudget) {
  Driver driver(Driver::policy("round_robin"), 2);
  for (std::uint64_t id = 1; id <= 5; ++id) driver.arrive(Driver::request(id));
  // A tenth of five is less than three, which are always allowed.
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(dispatched(driver.fail(id)), Ids{id});
  EXPECT_EQ(Driver::of<Reject>(driver.fail(4)).size(), 1U);
  driver.finish(1, 2);
  EXPECT_EQ(dispatched(driver.fail(5)), Ids{5});
}

TEST(Scheduler, RetriesWhateverWasLostWithAnInstance) {
  Driver driver(Driver::policy("round_robin"), 3);
  for (std::uint64_t id = 1; id <= 48; ++id) driver.arrive(Driver::request(id));
  for (std::uint64_t id = 1; id <= 48; id += 3) EXPECT_EQ(dispatched(driver.lose(id)), Ids{id});
}

TEST(Scheduler, RetriesWhateverARemovedInstanceHad) {
  Driver driver(Driver::policy("round_robin"), 3);
  for (std::uint64_t id = 1; id <= 48; ++id) driver.arrive(Driver::request(id));
  EXPECT_EQ(dispatched(driver.apply(InstanceRemoved{{0}})).size(), 16U);
}

TEST(Scheduler, SendsNothingToAnInstanceThatWasJustLost) {
  Driver driver(held_round_robin(), 2);
  driver.arrive(Driver::request(1));  // On 0.
  driver.arrive(Driver::request(2));  // On 1.
  driver.arrive(Driver::request(3));  // Held for 0.
  driver.arrive(Driver::request(4));  // Held for 1.
  driver.arrive(Driver::request(5));  // Held for 0.
  EXPECT_TRUE(dispatched(driver.lose(1)).empty());
  EXPECT_EQ(driver.status(0).health, Health::kSuspect);
  EXPECT_EQ(driver.status(0).held_requests, 0U);
  EXPECT_EQ(driver.status(1).held_requests, 4U);
  EXPECT_EQ(driver.scheduler().load().retries, 1U);  // What was held has lost no attempt.
}

TEST(Scheduler, GoesOnWithAFailedInstanceThatIsNotLost) {
  Driver driver(held_round_robin(), 2);
  for (std::uint64_t id = 1; id <= 3; ++id) driver.arrive(Driver::request(id));
  EXPECT_EQ(dispatched(driver.fail(1)), Ids{3});
  EXPECT_EQ(driver.status(0).health, Health::kHealthy);
}

TEST(Scheduler, SendsToALostInstanceWhatHasNoOther) {
  Driver driver(held_round_robin(), 1);
  driver.arrive(Driver::request(1));
  driver.arrive(Driver::request(2));
  EXPECT_EQ(dispatched(driver.lose(1)), Ids{2});
}

TEST(Scheduler, SendsNothingHeldToAnInstanceThatJoinsAsSuspect) {
  Driver driver(held_round_robin(), 2);
  for (const std::uint32_t slot : {0U, 1U}) {
    driver.apply(HealthChanged{.instance = {slot}, .health = Health::kSuspect});
  }
  for (std::uint64_t id = 1; id <= 6; ++id) driver.arrive(Driver::request(id));
  EXPECT_TRUE(driver
                  .apply(InstanceAdded{
                      .instance = {2}, .spec = {.name = "instance-2"}, .health = Health::kSuspect})
                  .empty());
  EXPECT_EQ(driver.status(2).held_requests, 0U);
}

TEST(Scheduler, LeavesALostInstanceDeadThatWasDead) {
  Driver driver(held_round_robin(), 2);
  driver.arrive(Driver::request(1));
  driver.apply(HealthChanged{.instance = {0}, .health = Health::kDead});
  driver.lose(1);
  EXPECT_EQ(driver.status(0).health, Health::kDead);
}

TEST(Scheduler, SendsToALostInstanceAgainOnceItIsWell) {
  Driver driver(held_round_robin(), 2);
  driver.arrive(Driver::request(1));
  driver.lose(1);
  driver.apply(HealthChanged{.instance = {0}, .health = Health::kHealthy});
  driver.arrive(Driver::request(2));
  EXPECT_EQ(driver.last_dispatch().instance, InstanceId{0});
}

TEST(Scheduler, ARetryComesBeforeLaterArrivalsInTheQueue) {
  Driver driver(held_round_robin(), 2);
  driver.arrive(Driver::request(1));              // On 0.
  driver.arrive(Driver::request(2));              // On 1.
  driver.arrive(Driver::request(3));              // Held for 0.
  driver.arrive(Driver::request(4));              // Held for 1.
  EXPECT_EQ(dispatched(driver.fail(1)), Ids{3});  // 1 now waits for instance 1.
  EXPECT_EQ(dispatched(driver.finish(2)), Ids{1});
}

TEST(Scheduler, IgnoresEventsOfAttemptsItNoLongerFollows) {
  Driver driver(Driver::policy("round_robin"), 2);
  driver.arrive(Driver::request(1));
  driver.fail(1, 1);
  EXPECT_TRUE(driver.first_token(1, 1).empty());
  EXPECT_TRUE(driver.finish(1, 1).empty());
  EXPECT_TRUE(driver.fail(1, 1).empty());
  EXPECT_TRUE(driver.fail(99, 1).empty());
  EXPECT_EQ(driver.scheduler().load().dispatched_requests, 1U);
  driver.finish(1, 2);
  EXPECT_TRUE(driver.finish(1, 2).empty());
  EXPECT_EQ(driver.scheduler().load().dispatched_requests, 0U);
}

// Cancel.

TEST(Scheduler, CancelsAHeldRequestWithoutAnyAction) {
  Driver driver(held_round_robin(), 1);
  driver.arrive(Driver::request(1));
  driver.arrive(Driver::request(2));
  EXPECT_TRUE(driver.cancel(2).empty());
  EXPECT_TRUE(dispatched(driver.finish(1)).empty());
}

TEST(Scheduler, CancelsUpstreamInPrefillAndLetsTheNextOneGo) {
  Driver driver(held_round_robin(), 1);
  driver.arrive(Driver::request(1));
  driver.arrive(Driver::request(2));
  const ActionList actions = driver.cancel(1);
  ASSERT_EQ(Driver::of<Cancel>(actions).size(), 1U);
  EXPECT_EQ(Driver::of<Cancel>(actions)[0].attempt, 1U);
  EXPECT_EQ(dispatched(actions), Ids{2});
}

TEST(Scheduler, CancelsUpstreamWhileDecoding) {
  Driver driver(held_round_robin(), 1);
  driver.arrive(Driver::request(1));
  driver.first_token(1);
  EXPECT_EQ(driver.status(0).decoding_requests, 1U);
  EXPECT_EQ(Driver::of<Cancel>(driver.cancel(1)).size(), 1U);
  EXPECT_EQ(driver.status(0).decoding_requests, 0U);
  EXPECT_TRUE(driver.cancel(1).empty());
}

// Membership and health.

TEST(Scheduler, ADrainingInstanceFinishesWhatItHasAndTakesNothingNew) {
  Driver driver(held_round_robin(), 2);
  driver.arrive(Driver::request(1));  // On 0.
  driver.arrive(Driver::request(2));  // On 1.
  driver.arrive(Driver::request(3));  // Held for 0.
  const ActionList actions = driver.apply(InstanceDraining{{0}, true});
  ASSERT_EQ(Driver::of<Hold>(actions).size(), 1U);
  EXPECT_EQ(Driver::of<Hold>(actions)[0].instance, InstanceId{1});
  EXPECT_EQ(driver.status(0).prefilling_requests, 1U);
  EXPECT_TRUE(dispatched(driver.finish(1)).empty());
  driver.arrive(Driver::request(4));
  EXPECT_EQ(driver.status(1).held_requests, 2U);
}

TEST(Scheduler, RemovalRetriesElsewhereWhatHasNoAnswerYet) {
  Driver driver(held_round_robin(), 2);
  driver.arrive(Driver::request(1));  // On 0, will be decoding.
  driver.first_token(1);
  driver.arrive(Driver::request(2));  // On 1.
  driver.arrive(Driver::request(3));  // On 0, in prefill.
  driver.arrive(Driver::request(4));  // Held for 1.
  driver.arrive(Driver::request(5));  // Held for 0.
  const ActionList actions = driver.apply(InstanceRemoved{{0}});
  ASSERT_EQ(Driver::of<Cancel>(actions).size(), 1U);
  EXPECT_EQ(Driver::of<Cancel>(actions)[0].request, RequestId{3});
  EXPECT_EQ(driver.status(1).held_requests, 3U);
  EXPECT_EQ(driver.scheduler().load().dispatched_requests, 1U);  // 1 runs on unobserved.
  EXPECT_EQ(dispatched(driver.finish(2)), Ids{3});
  EXPECT_EQ(driver.last_dispatch().attempt, 2U);
}

TEST(Scheduler, RejectsTheHeldRequestsOfTheLastInstanceToGo) {
  Driver driver(held_round_robin(), 1);
  driver.arrive(Driver::request(1));
  driver.arrive(Driver::request(2));
  EXPECT_EQ(Driver::of<Reject>(driver.apply(InstanceRemoved{{0}})).size(), 2U);
  EXPECT_EQ(driver.scheduler().load().held_requests, 0U);
}

TEST(Scheduler, MovesHeldRequestsOffADeadInstance) {
  Driver driver(held_round_robin(), 2);
  for (std::uint64_t id = 1; id <= 4; ++id) driver.arrive(Driver::request(id));
  driver.apply(HealthChanged{{0}, Health::kDead});
  EXPECT_EQ(driver.status(0).held_requests, 0U);
  EXPECT_EQ(driver.status(1).held_requests, 2U);
}

TEST(Scheduler, UsesSuspectInstancesOnlyIfNoHealthyOneIsLeft) {
  Driver driver(Driver::policy("round_robin"), 2);
  driver.apply(HealthChanged{{0}, Health::kSuspect});
  for (std::uint64_t id = 1; id <= 3; ++id) {
    driver.arrive(Driver::request(id));
    EXPECT_EQ(driver.last_dispatch().instance, InstanceId{1});
  }
  driver.apply(HealthChanged{{1}, Health::kDead});
  driver.arrive(Driver::request(4));
  EXPECT_EQ(driver.last_dispatch().instance, InstanceId{0});
}

TEST(Scheduler, RetriesOnASuspectInstanceWhenEveryHealthyOneWasTried) {
  for (const char* policy : {"dualmap", "round_robin", "chwbl", "ringmaster"}) {
    Driver driver(Driver::policy(policy), 3);
    driver.apply(HealthChanged{{0}, Health::kSuspect});
    driver.apply(HealthChanged{{1}, Health::kDead});
    driver.arrive(Driver::request(1));
    ASSERT_EQ(driver.last_dispatch().instance, InstanceId{2}) << policy;
    driver.fail(1);
    EXPECT_EQ(driver.last_dispatch().instance, InstanceId{0}) << policy;
    EXPECT_EQ(driver.last_dispatch().attempt, 2U) << policy;
  }
}

TEST(Scheduler, IgnoresAnInstanceWhoseSlotOrNameIsTaken) {
  Driver driver(Driver::policy("round_robin"), 1);
  const std::uint64_t digest = driver.scheduler().membership_digest();
  driver.apply(InstanceAdded{{0}, {.name = "other"}});
  driver.apply(InstanceAdded{{1}, {.name = "instance-0"}});
  EXPECT_EQ(driver.scheduler().instances().size(), 1U);
  EXPECT_EQ(driver.scheduler().membership_digest(), digest);
}

TEST(Scheduler, ReusesTheSlotOfARemovedInstanceFromNothing) {
  Driver driver(Driver::policy("dualmap"), 1);
  driver.arrive(Driver::request(1, 1000, 7));
  driver.finish(1);
  driver.apply(InstanceRemoved{{0}});
  driver.add_instance(0);
  driver.arrive(Driver::request(2, 1000, 7));
  EXPECT_EQ(driver.last_dispatch().expected_cached_tokens, 0U);
}

TEST(Scheduler, PlacesARequestWhoseBlocksHaveNoLength) {
  for (const char* policy : {"ringmaster", "dualmap", "llm_d", "preble", "mooncake", "workflow"}) {
    Driver driver(Driver::policy(policy));
    RequestSpec request = Driver::request(1);
    request.block_tokens = 0;
    EXPECT_EQ(Driver::of<Dispatch>(driver.arrive(request)).size(), 1U) << policy;
  }
}

// Residency.

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

TEST(Scheduler, BelievesAnInstanceThatTellsItsKvEvents) {
  Driver driver(Driver::policy("dualmap"), 0);
  driver.apply(InstanceAdded{{0}, {.name = "a"}, ResidencySource::kEvents});
  const PrefixChain chain = Driver::chain(7, 10);
  driver.apply(KvBlocksStored{{0}, {chain.begin(), chain.begin() + 4}});
  driver.arrive(Driver::request(1, 1000, 7));
  EXPECT_EQ(driver.last_dispatch().expected_cached_tokens, 400U);
  driver.finish(1);  // No mirror: what it stored it must tell itself.
  driver.apply(KvBlocksRemoved{{0}, {chain[3]}});
  driver.arrive(Driver::request(2, 1000, 7));
  EXPECT_EQ(driver.last_dispatch().expected_cached_tokens, 300U);
  driver.finish(2);
  driver.apply(KvCleared{{0}});
  driver.arrive(Driver::request(3, 1000, 7));
  EXPECT_EQ(driver.last_dispatch().expected_cached_tokens, 0U);
}

TEST(Scheduler, SumsExpectedAndActualCachedTokens) {
  Driver driver(Driver::policy("dualmap"), 1);
  driver.arrive(Driver::request(1, 1000, 7));
  driver.finish(1);
  driver.arrive(Driver::request(2, 1000, 7));
  driver.apply(RequestFinished{{2}, 1, 5, 900});
  EXPECT_EQ(driver.status(0).expected_cached_tokens_total, 1000U);
  EXPECT_EQ(driver.status(0).actual_cached_tokens_total, 900U);
}

TEST(Scheduler, ExpectsNoCachedTokensOfWhatTheInstanceRefuses) {
  Driver driver(Driver::policy("dualmap"), 1);
  driver.arrive(Driver::request(1, 1000, 7));
  driver.finish(1);
  driver.arrive(Driver::request(2, 1000, 7));
  driver.apply(RequestFailed{{2}, 1, false});
  EXPECT_EQ(driver.status(0).expected_cached_tokens_total, 0U);
}

TEST(Scheduler, KeepsTheReportsOfInstancesWithTheirTime) {
  Driver driver(Driver::policy("dualmap"), 1);
  driver.apply(InstanceReported{{0}, {.running_requests = 3, .time = TimePoint(Duration(5))}});
  EXPECT_EQ(driver.status(0).report.running_requests, 3U);
  EXPECT_FALSE(driver.status(0).report.waiting_requests.has_value());
  EXPECT_EQ(driver.status(0).report.time, TimePoint(Duration(5)));
}

// Decisions.

TEST(Scheduler, LogsEveryDecisionWithItsInputsAndReason) {
  Driver driver(Driver::policy("dualmap"), 4);
  driver.arrive(Driver::request(1));
  driver.arrive(Driver::request(2));
  const auto recent = driver.scheduler().decisions().recent(10);
  ASSERT_EQ(recent.size(), 2U);
  const DecisionRecord& record = *driver.scheduler().decisions().find(1);
  EXPECT_EQ(record.request, RequestId{1});
  EXPECT_EQ(record.policy, "dualmap");
  EXPECT_EQ(record.reason, "equal_cache_less_load");
  EXPECT_EQ(record.prompt_tokens, 1000U);
  EXPECT_EQ(record.key_blocks, 1U);
  EXPECT_EQ(record.candidate_count, 2U);
  EXPECT_DOUBLE_EQ(record.candidates[0].estimated_ttft_seconds, 1.0);
  EXPECT_FALSE(record.held);
}

TEST(DecisionLog, ForgetsTheOldest) {
  DecisionLog log(2);
  for (int i = 0; i < 3; ++i) log.add({});
  EXPECT_EQ(log.find(1), nullptr);
  EXPECT_EQ(log.find(4), nullptr);
  EXPECT_EQ(log.find(0), nullptr);
  EXPECT_EQ(log.find(3)->id, 3U);
  EXPECT_EQ(log.recent(5).size(), 2U);
  EXPECT_EQ(log.recent(5)[0]->id, 3U);
}

// Nothing leaks.

TEST(Scheduler, HasNothingBookedOnceEveryRequestHasEnded) {
  for (const char* policy : {"dualmap", "dualmap:variant=code", "min_ttft", "round_robin"}) {
    Driver driver(Driver::policy(policy), 3);
    for (std::uint64_t id = 1; id <= 40; ++id) driver.arrive(Driver::request(id, 700, 1 + id % 5));
    for (int round = 0; round < 40; ++round) {
      for (std::uint64_t id = 1; id <= 40; ++id) {
        if (id % 3 == 0) driver.first_token(id);
        driver.finish(id);
      }
    }
    const SchedulerLoad load = driver.scheduler().load();
    EXPECT_EQ(load.held_requests, 0U) << policy;
    EXPECT_EQ(load.dispatched_requests, 0U) << policy;
    for (const InstanceStatus& status : driver.scheduler().instances()) {
      EXPECT_EQ(status.held_tokens + status.sent_tokens, 0U) << policy;
      EXPECT_EQ(status.held_requests + status.prefilling_requests + status.decoding_requests, 0U);
    }
  }
}

/// A request of a workflow whose prompt is built upon after so many steps.
RequestSpec step_of(std::uint64_t id, std::uint64_t session, std::uint32_t steps) {
  RequestSpec spec = SchedulerDriver::request(id);
  spec.session = session;
  spec.steps_to_execution = steps;
  return spec;
}

TEST(Scheduler, AsksForThePrefetchesThatThePolicyPlans) {
  SchedulerDriver driver(SchedulerDriver::policy("workflow"));
  driver.arrive(step_of(1, 9, 2));
  const InstanceId place = driver.last_dispatch().instance;
  EXPECT_TRUE(SchedulerDriver::of<Prefetch>(driver.finish(1)).empty());
  const auto orders = SchedulerDriver::of<Prefetch>(driver.arrive(step_of(2, 9, 0)));
  ASSERT_EQ(orders.size(), 1U);
  EXPECT_EQ(orders[0].instance, place);
  EXPECT_EQ(orders[0].chain, SchedulerDriver::request(1).chain);
  EXPECT_EQ(orders[0].steps, 1U);
  EXPECT_EQ(driver.scheduler().load().prefetches, 1U);
}

TEST(Scheduler, AsksNoInstanceForPrefetchesThatIsLeaving) {
  SchedulerDriver driver(SchedulerDriver::policy("workflow"));
  driver.arrive(step_of(1, 9, 2));
  driver.finish(1);
  driver.apply(InstanceDraining{driver.last_dispatch().instance, true});
  EXPECT_TRUE(SchedulerDriver::of<Prefetch>(driver.arrive(step_of(2, 9, 0))).empty());
}

}  // namespace
}  // namespace ringmaster
