#include <gtest/gtest.h>

#include "policies/linear_bandit.h"
#include "tests/unit/policies/learning_fixture.h"

namespace ringmaster {
namespace {

class LoraAffinityTest : public LearningFixture {};

TEST_F(LoraAffinityTest, BeginsWithThePlainEstimate) {
  make("lora_affinity:exploration=0");
  load(0).begin_prefill(100);
  load(1).begin_prefill(100);
  load(3).begin_prefill(100);
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{2});
  EXPECT_EQ(decision.reason, "least_learned_ttft");
}

TEST_F(LoraAffinityTest, PrefersTheInstanceThatHasTheAdapterUpToTheTimeOfLoadingIt) {
  make("lora_affinity:exploration=0,load_seconds=0.5");
  RequestSpec other = request_;
  other.adapter = 7;
  tell().dispatched(seen(other, 1, 0.0));
  request_.adapter = 7;
  load(1).begin_prefill(400);
  EXPECT_EQ(chosen(), 1U);
  EXPECT_EQ(choose().reason, "adapter_loaded");
  load(1).begin_prefill(200);
  EXPECT_NE(chosen(), 1U);
  EXPECT_EQ(choose().reason, "adapter_to_be_loaded");
}

TEST_F(LoraAffinityTest, ForgetsTheAdapterUsedLongestAgo) {
  make("lora_affinity:exploration=0,slots=1");
  RequestSpec other = request_;
  for (const std::uint64_t adapter : {7U, 8U}) {
    other.adapter = adapter;
    tell().dispatched(seen(other, 1, 0.0));
  }
  request_.adapter = 7;
  EXPECT_EQ(choose().reason, "adapter_to_be_loaded");
  request_.adapter = 8;
  EXPECT_EQ(chosen(), 1U);
}

TEST_F(LoraAffinityTest, LearnsThatAnInstanceIsSlowerThanItsEstimate) {
  make("lora_affinity:exploration=0,ridge=0.1");
  for (std::uint64_t id = 1; id <= 200; ++id) {
    request_.id = {id};
    const std::uint32_t slot = chosen();
    serve(request_, slot, slot == 2 ? 4.0 : 1.0);
  }
  int to_slow = 0;
  for (std::uint64_t id = 201; id <= 300; ++id) {
    request_.id = {id};
    to_slow += chosen() == 2 ? 1 : 0;
  }
  EXPECT_EQ(to_slow, 0);
}

TEST_F(LoraAffinityTest, ExploresWhatItHasSeldomSeen) {
  make("lora_affinity:exploration=1,ridge=1");
  std::array<int, kInstances> count{};
  for (std::uint64_t id = 1; id <= 40; ++id) {
    request_.id = {id};
    const std::uint32_t slot = chosen();
    ++count[slot];
    serve(request_, slot, 1.0);
  }
  for (const int times : count) EXPECT_GT(times, 4);
}

TEST_F(LoraAffinityTest, LearnsNothingFromARequestThatWasMovedElsewhere) {
  make("lora_affinity:exploration=0,ridge=0.1");
  request_.id = {1};
  const std::uint32_t slot = chosen();
  const std::uint32_t elsewhere = (slot + 1) % kInstances;
  serve(request_, elsewhere, 50.0);
  load(slot).begin_prefill(10);
  request_.id = {2};
  RoutingDecision decision = choose();
  for (const ScoredCandidate& candidate : decision.scored()) {
    EXPECT_LT(candidate.score, 2.0);
  }
}

TEST_F(LoraAffinityTest, TakesAVeryLateAnswerForAMinute) {
  make("lora_affinity:exploration=0,ridge=0.001");
  request_.id = {1};
  const std::uint32_t slot = chosen();
  serve(request_, slot, 3600.0);
  request_.id = {2};
  RoutingDecision decision = choose();
  for (const ScoredCandidate& candidate : decision.scored()) {
    if (candidate.instance.value != slot) continue;
    EXPECT_GT(candidate.score, 30.0);
    EXPECT_LT(candidate.score, 61.0);
  }
}

TEST_F(LoraAffinityTest, BeginsAnewWithAnotherInstanceInThePlace) {
  make("lora_affinity:exploration=0,ridge=0.1");
  for (std::uint32_t slot = 1; slot < kInstances; ++slot) load(slot).begin_prefill(2000);
  request_.id = {1};
  ASSERT_EQ(chosen(), 0U);
  serve(request_, 0, 60.0);
  request_.id = {2};
  EXPECT_NE(chosen(), 0U);
  tell().instance_left({0});
  request_.id = {3};
  EXPECT_EQ(chosen(), 0U);
}

TEST(LinearBandit, FindsTheWeightsOfALinearCost) {
  LinearBandit<2> learner({0.0, 0.0}, 0.001);
  for (int i = 0; i < 50; ++i) {
    const double x = i % 7;
    learner.observe({1.0, x}, 3.0 + 2.0 * x);
  }
  EXPECT_NEAR(learner.expected({1.0, 10.0}), 23.0, 0.01);
}

TEST(LinearBandit, KeepsThePriorWhereNothingWasSeenAndDoubtsLessWithEachObservation) {
  LinearBandit<2> learner({1.0, 5.0}, 2.0);
  EXPECT_DOUBLE_EQ(learner.expected({0.0, 1.0}), 5.0);
  EXPECT_NEAR(learner.width({1.0, 0.0}), std::sqrt(0.5), 1e-12);
  learner.observe({1.0, 0.0}, 1.0);
  EXPECT_NEAR(learner.width({1.0, 0.0}), std::sqrt(1.0 / 3.0), 1e-12);
  EXPECT_NEAR(learner.width({0.0, 1.0}), std::sqrt(0.5), 1e-12);
}

}  // namespace
}  // namespace ringmaster
