// A scheduler whose instances belong to several gateways.

#include <gtest/gtest.h>

#include "tests/unit/scheduler/scheduler_driver.h"

namespace ringmaster {
namespace {

using Driver = SchedulerDriver;

/// One prefill at a time per instance; the one with least pending work is chosen.
SchedulerOptions one_prefill_each() {
  SchedulerOptions options = Driver::policy("least_loaded:load=pending_tokens");
  options.dispatch_window_requests = 1;
  return options;
}

RequestSpec forwarded(std::uint64_t id, std::uint32_t slot) {
  RequestSpec spec = Driver::request(id);
  spec.forwarded_to = InstanceId{slot};
  return spec;
}

InstanceReported word_of_owner(std::uint32_t slot, Duration time, std::uint32_t waiting,
                               std::uint64_t tokens) {
  return {{slot},
          {.running_requests = 0,
           .waiting_requests = waiting,
           .queued_prefill_tokens = tokens,
           .is_of_owner = true,
           .time = TimePoint{} + time}};
}

TEST(PeerGateways, HoldNothingForAnInstanceOfAnother) {
  Driver driver(one_prefill_each(), 1);
  driver.apply(OwnerChanged{{0}, false});
  EXPECT_EQ(Driver::of<Dispatch>(driver.arrive(Driver::request(1))).size(), 1U);
  EXPECT_EQ(Driver::of<Dispatch>(driver.arrive(Driver::request(2))).size(), 1U);
}

TEST(PeerGateways, ForwardWhatTheyHeldWhenAnotherBecomesTheOwner) {
  Driver driver(one_prefill_each(), 1);
  driver.arrive(Driver::request(1));
  ASSERT_EQ(Driver::of<Hold>(driver.arrive(Driver::request(2))).size(), 1U);
  const auto actions = driver.apply(OwnerChanged{{0}, false});
  ASSERT_EQ(Driver::of<Dispatch>(actions).size(), 1U);
  EXPECT_EQ(Driver::of<Dispatch>(actions)[0].request, RequestId{2});
}

TEST(PeerGateways, TakeTheChoiceOfTheOneThatForwarded) {
  Driver driver(one_prefill_each(), 2);
  driver.arrive(forwarded(1, 1));
  EXPECT_EQ(driver.last_dispatch().instance, InstanceId{1});
  // Instance 0 is idle, yet the second one waits for instance 1.
  const auto holds = Driver::of<Hold>(driver.arrive(forwarded(2, 1)));
  ASSERT_EQ(holds.size(), 1U);
  EXPECT_EQ(holds[0].instance, InstanceId{1});
}

TEST(PeerGateways, ChooseThemselvesWhereTheChosenInstanceTakesNothing) {
  Driver driver(one_prefill_each(), 2);
  driver.apply(InstanceDraining{{1}, true});
  driver.arrive(forwarded(1, 1));
  EXPECT_EQ(driver.last_dispatch().instance, InstanceId{0});
}

TEST(PeerGateways, ChooseThemselvesWhereTheChosenInstanceIsUnknown) {
  Driver driver(one_prefill_each(), 1);
  driver.arrive(forwarded(1, 65'536));
  EXPECT_EQ(driver.last_dispatch().instance, InstanceId{0});
}

TEST(PeerGateways, RetryElsewhereWhatWasForwardedToThem) {
  Driver driver(one_prefill_each(), 2);
  driver.arrive(forwarded(1, 1));
  driver.fail(1);
  EXPECT_EQ(driver.last_dispatch().instance, InstanceId{0});
  EXPECT_EQ(driver.last_dispatch().attempt, 2U);
}

TEST(PeerGateways, SayWhatTheyHoldAndWhatTheySent) {
  Driver driver(one_prefill_each(), 1);
  driver.arrive(Driver::request(1, 1000));
  driver.arrive(Driver::request(2, 500));
  const auto report = driver.scheduler().report_of({0});
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->is_of_owner);
  EXPECT_EQ(report->waiting_requests, 2U);
  EXPECT_EQ(report->queued_prefill_tokens, 1500U);
  EXPECT_FALSE(driver.scheduler().report_of({1}));
}

TEST(PeerGateways, SayWhatOthersThanPeersHaveThere) {
  Driver driver(one_prefill_each(), 1);
  const auto report = [](Duration time, std::uint32_t running) {
    return InstanceReported{{0},
                            {.running_requests = running,
                             .waiting_requests = 0,
                             .queued_prefill_tokens = running * 100,
                             .time = TimePoint{} + time}};
  };
  driver.apply(report(std::chrono::seconds(0), 0));
  driver.apply(report(std::chrono::seconds(1), 3));
  const auto told = driver.scheduler().report_of({0});
  EXPECT_EQ(told->running_requests, 3U);
  EXPECT_EQ(told->queued_prefill_tokens, 300U);
}

TEST(PeerGateways, CountWhatTheOwnerHoldsAsLoadOfOthers) {
  Driver driver(one_prefill_each(), 2);
  driver.apply(OwnerChanged{{0}, false});
  driver.apply(word_of_owner(0, std::chrono::seconds(0), 0, 0));
  driver.apply(word_of_owner(0, std::chrono::seconds(1), 2, 1500));
  EXPECT_EQ(driver.status(0).foreign_requests, 2U);
  EXPECT_EQ(driver.status(0).foreign_tokens, 1500U);
  driver.arrive(Driver::request(1));
  EXPECT_EQ(driver.last_dispatch().instance, InstanceId{1});
}

TEST(PeerGateways, DoNotBelieveAnotherOwnerOfTheirInstance) {
  Driver driver(one_prefill_each(), 1);
  driver.apply(word_of_owner(0, std::chrono::seconds(0), 0, 0));
  driver.apply(word_of_owner(0, std::chrono::seconds(1), 2, 1500));
  EXPECT_EQ(driver.status(0).foreign_requests, 0U);
}

TEST(PeerGateways, ForgetWhatTheOwnerHadPutAsideWhenTheyBecomeIt) {
  Driver driver(one_prefill_each(), 1);
  driver.apply(OwnerChanged{{0}, false});
  driver.apply(word_of_owner(0, std::chrono::seconds(0), 0, 0));
  auto word = word_of_owner(0, std::chrono::seconds(1), 2, 1500);
  word.report.put_aside_tokens = 1000;
  driver.apply(word);
  EXPECT_EQ(driver.scheduler().report_of({0})->put_aside_tokens, 1000U);
  driver.apply(OwnerChanged{{0}, true});
  EXPECT_EQ(driver.scheduler().report_of({0})->put_aside_tokens, 0U);
}

TEST(PeerGateways, PreferTheWordOfTheOwnerToThatOfTheInstance) {
  Driver driver(one_prefill_each(), 1);
  driver.apply(OwnerChanged{{0}, false});
  driver.apply(word_of_owner(0, std::chrono::seconds(0), 0, 0));
  driver.apply(word_of_owner(0, std::chrono::seconds(1), 2, 1500));
  driver.apply(InstanceReported{{0},
                                {.running_requests = 1,
                                 .waiting_requests = 0,
                                 .queued_prefill_tokens = 0,
                                 .time = TimePoint{} + std::chrono::seconds(2)}});
  EXPECT_EQ(driver.status(0).foreign_tokens, 1500U);
  EXPECT_EQ(driver.status(0).report.running_requests, 1U);
}

}  // namespace
}  // namespace ringmaster
