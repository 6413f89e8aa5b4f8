// The policy `ringmaster`: the homes, and others at a price.

#include "policies/priced_homes.h"

#include <set>

#include <gtest/gtest.h>

#include "policy_fixture.h"

namespace ringmaster {
namespace {

class PricedHomesTest : public PolicyFixture {};

TEST_F(PricedHomesTest, TakesTheHomeThatHasMoreOfThePrompt) {
  make("ringmaster");
  cache(2, 5);
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance.value, 2U);
  EXPECT_EQ(decision.reason, "cheaper_home");
}

TEST_F(PricedHomesTest, PricesPendingWorkSmoothly) {
  make("ringmaster:load_weight=0,escapes=0,continuations=off");
  cache(2, 5);  // 500 tokens less to compute there,
  load(2).hold(499);
  EXPECT_EQ(chosen(), 2U);
  load(2).hold(2);  // and one more than that pending.
  EXPECT_EQ(chosen(), 1U);
}

TEST_F(PricedHomesTest, SparesUncachedTokensMoreWhenTheFleetIsBusy) {
  make("ringmaster:continuations=off");
  cache(2, 5);
  for (const std::uint32_t slot : {0U, 1U, 2U, 3U}) load(slot).hold(1000);  // A second of work.
  load(2).hold(4000);
  EXPECT_EQ(chosen(), 2U);  // 500 uncached tokens weigh 11 times as much: 5,500 > 4,000.
  load(2).hold(2000);
  EXPECT_EQ(chosen(), 1U);
}

TEST_F(PricedHomesTest, LeavesTheHomesOnlyForAnInstanceCheaperByThePrice) {
  make("ringmaster:load_weight=0,escape_seconds=1.5,long_seconds=10,continuations=off");
  for (const std::uint32_t slot : {1U, 2U, 3U}) load(slot).hold(1499);
  EXPECT_NE(chosen(), 0U);
  for (const std::uint32_t slot : {1U, 2U, 3U}) load(slot).hold(2);
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance.value, 0U);
  EXPECT_EQ(decision.reason, "escape_from_homes");
}

TEST_F(PricedHomesTest, LeavesTheHomesForLessTheLongerThePrefill) {
  make("ringmaster:load_weight=0,escape_seconds=2,long_seconds=1.25,continuations=off");
  for (const std::uint32_t slot : {1U, 2U, 3U}) load(slot).hold(801);
  EXPECT_EQ(chosen(), 0U);  // A second of prefill, 0.8 of what is long: 0.4 of the price.
  for (const std::uint32_t slot : {1U, 2U, 3U}) load(slot).unhold(2);
  EXPECT_NE(chosen(), 0U);
}

TEST_F(PricedHomesTest, LeavesTheHomesForATwentiethWithALongPrefill) {
  make("ringmaster:load_weight=0,escape_seconds=2,long_seconds=0.1,continuations=off");
  for (const std::uint32_t slot : {1U, 2U, 3U}) load(slot).hold(99);
  EXPECT_NE(chosen(), 0U);
  for (const std::uint32_t slot : {1U, 2U, 3U}) load(slot).hold(2);
  EXPECT_EQ(chosen(), 0U);
}

TEST_F(PricedHomesTest, CountsATenthOfWhatIsPutAside) {
  make("ringmaster:escapes=0,continuations=off");
  load(1).hold(10'000);
  load(1).put_aside_tokens = 10'000;
  load(2).hold(999);
  EXPECT_EQ(chosen(), 2U);
  load(2).hold(2);
  EXPECT_EQ(chosen(), 1U);
}

TEST_F(PricedHomesTest, StaysAtHomeWithoutEscapes) {
  make("ringmaster:escapes=0");
  load(1).hold(50'000);
  load(2).hold(60'000);
  EXPECT_EQ(chosen(), 1U);
}

TEST_F(PricedHomesTest, CountsWhatIsDecodingThere) {
  make("ringmaster");
  load(1).begin_decode(100);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(chosen(), 2U);
}

TEST_F(PricedHomesTest, CountsTheSecondsOfEachInstanceItself) {
  make("ringmaster:escapes=0");
  fleet_.add({4}, {.name = "slow", .prefill_seconds_per_token = 0.002}, ResidencySource::kEvents);
  EXPECT_EQ(choose({{4}, {2}}).instance.value, 2U);
}

TEST_F(PricedHomesTest, SpreadsEqualPricesOverTheHomes) {
  make("ringmaster");
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 50; ++i) seen.insert(chosen());
  EXPECT_EQ(seen, (std::set<std::uint32_t>{1, 2}));
}

TEST_F(PricedHomesTest, WeighsFewInstancesOfALargeFleet) {
  make("ringmaster:escapes=4");
  for (std::uint32_t slot = kInstances; slot < 1000; ++slot) {
    fleet_.add({slot}, {.name = "i" + std::to_string(slot)}, ResidencySource::kEvents);
  }
  for (int i = 0; i < 50; ++i) EXPECT_LE(choose().considered(), 6U);
}

TEST_F(PricedHomesTest, FindsTheHolderOfThePromptInALargeFleet) {
  make("ringmaster:escapes=2,escape_seconds=0.5");
  for (std::uint32_t slot = kInstances; slot < 1000; ++slot) {
    fleet_.add({slot}, {.name = "i" + std::to_string(slot), .prefill_seconds_per_token = 0.001},
               ResidencySource::kEvents);
  }
  cache(777, 9);
  EXPECT_EQ(chosen(), 777U);
}

TEST_F(PricedHomesTest, KeepsASessionWhereItWasAnswered) {
  make("ringmaster:load_weight=0");
  request_.session = 7;
  for (const std::uint32_t slot : {1U, 2U, 3U}) load(slot).hold(1001);
  EXPECT_EQ(choose().reason, "escape_from_homes");
  load(0).hold(1000);  // Now that it is there, it stays, with nothing to choose between them.
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance.value, 0U);
  EXPECT_EQ(decision.reason, "session_home");
}

TEST_F(PricedHomesTest, LetsASessionLeaveForAnInstanceThatIsCheaperByThePrice) {
  make("ringmaster:load_weight=0,escape_seconds=1,long_seconds=2");
  request_.session = 7;
  for (const std::uint32_t slot : {0U, 2U, 3U}) load(slot).hold(1);
  EXPECT_EQ(chosen(), 1U);
  cache(1, 5);
  for (const std::uint32_t slot : {0U, 2U, 3U}) load(slot).unhold(1);
  load(1).hold(1499);  // 500 more to compute elsewhere, and a second for leaving.
  EXPECT_EQ(chosen(), 1U);
  load(1).hold(30);
  EXPECT_EQ(choose().reason, "left_session_home");
}

TEST_F(PricedHomesTest, MakesLeavingASessionsHomeDearerTheLongerTheFleetsQueues) {
  make("ringmaster:load_weight=0,escape_seconds=1,long_seconds=2,leave_weight=1");
  request_.session = 7;
  for (const std::uint32_t slot : {0U, 2U, 3U}) load(slot).hold(1);
  EXPECT_EQ(chosen(), 1U);
  for (const std::uint32_t slot : {0U, 2U, 3U}) load(slot).hold(9'999);
  load(1).hold(11'900);  // 10 seconds on average: the 1,000 tokens to compute count twice.
  EXPECT_EQ(chosen(), 1U);
  load(1).hold(101);
  EXPECT_EQ(choose().reason, "left_session_home");
}

TEST_F(PricedHomesTest, KeepsAPromptThatContinuesAnotherWhereThatWent) {
  make("ringmaster:load_weight=0");
  const PrefixChain chain = request_.chain;
  request_.chain.resize(5);
  for (const std::uint32_t slot : {1U, 2U, 3U}) load(slot).hold(1001);
  EXPECT_EQ(choose().reason, "escape_from_homes");
  load(0).hold(1000);
  request_.chain = chain;
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance.value, 0U);
  EXPECT_EQ(decision.reason, "continued_prompt_home");
}

TEST_F(PricedHomesTest, LetsAPromptLeaveThatContinuesAnotherForThePriceOfASession) {
  make("ringmaster:load_weight=0,escape_seconds=1,long_seconds=2");
  for (const std::uint32_t slot : {0U, 2U, 3U}) load(slot).hold(1);
  EXPECT_EQ(chosen(), 1U);
  cache(1, 5);
  for (const std::uint32_t slot : {0U, 2U, 3U}) load(slot).unhold(1);
  load(1).hold(1499);
  EXPECT_EQ(chosen(), 1U);
  load(1).hold(30);
  EXPECT_EQ(choose().reason, "left_continued_prompt_home");
}

TEST_F(PricedHomesTest, GoesByTheNameOfASessionAndNotByItsPrompt) {
  make("ringmaster:load_weight=0");
  for (const std::uint32_t slot : {1U, 2U, 3U}) load(slot).hold(1001);
  EXPECT_EQ(choose().reason, "escape_from_homes");
  request_.session = 7;
  EXPECT_EQ(choose().reason, "escape_from_homes");
  EXPECT_EQ(choose().reason, "session_home");
}

TEST_F(PricedHomesTest, KnowsNoContinuationsIfToldSo) {
  for (const std::string text : {"continuations=off", "sessions_max=0"}) {
    make("ringmaster:load_weight=0," + text);
    EXPECT_EQ(choose().reason, "cheaper_home") << text;
    EXPECT_EQ(choose().reason, "cheaper_home") << text;
  }
}

TEST_F(PricedHomesTest, KnowsNoSessionsIfToldSo) {
  make("ringmaster:load_weight=0,sessions_max=0");
  EXPECT_FALSE(policy_->published_form().homes_by_session);
  request_.session = 7;
  for (const std::uint32_t slot : {1U, 2U, 3U}) load(slot).hold(1001);
  EXPECT_EQ(chosen(), 0U);
  load(0).hold(1000);
  EXPECT_EQ(choose().reason, "cheaper_home");
}

TEST_F(PricedHomesTest, ChoosesAmongTheCandidatesOnly) {
  make("ringmaster:escapes=2");
  cache(0, 10);
  fleet_.set_draining({0}, true);
  for (int i = 0; i < 50; ++i) EXPECT_NE(chosen(), 0U);
}

TEST_F(PricedHomesTest, ComesWithAnOnTimeQueueAndAWindowOfOne) {
  make("ringmaster");
  EXPECT_EQ(policy_->published_form().queue, QueueDiscipline::kOnTime);
  EXPECT_EQ(policy_->published_form().rebalancing, Rebalancing::kOff);
  EXPECT_EQ(policy_->published_form().dispatch_window_requests, 1U);
}

TEST(PricedHomes, RefusesOptionsOutOfRange) {
  const auto policy = make_policy(parse_policy_config("ringmaster:escapes=33").value(), 42);
  ASSERT_FALSE(policy);
  EXPECT_NE(policy.error().message.find("escapes='33': expected a whole number in [0, 32]"),
            std::string::npos);
}

}  // namespace
}  // namespace ringmaster
