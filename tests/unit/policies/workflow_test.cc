#include <optional>

#include <gtest/gtest.h>

#include "tests/unit/policies/learning_fixture.h"

namespace ringmaster {
namespace {

class WorkflowTest : public LearningFixture {
 protected:
  WorkflowTest() {
    make("workflow");
    request_.session = 9;
    prompt(10, 10, 0);
  }

  /// Serves the current prompt on this instance, to be built upon after so many steps.
  void serve_at(std::uint32_t slot, std::uint32_t steps) {
    request_.steps_to_execution = steps;
    static_cast<void>(choose());
    serve(request_, slot);
    request_.steps_to_execution = 0;
  }
  /// Of the instance, had it to take the current prompt.
  double score_of(std::uint32_t slot) {
    RoutingDecision decision = choose();
    for (const ScoredCandidate& candidate : decision.scored()) {
      if (candidate.instance.value == slot) return candidate.score;
    }
    ADD_FAILURE() << "not weighed";
    return 0.0;
  }
  void small_memory(std::uint32_t slot, std::uint64_t tokens) {
    fleet_.remove({slot});
    fleet_.add({slot},
               {.name = "small" + std::to_string(slot),
                .prefill_seconds_per_token = 0.001,
                .kv_cache_tokens = tokens},
               ResidencySource::kEvents);
  }
};

TEST_F(WorkflowTest, ExpectsAnAnnouncedPrefixWhereItWasAnswered) {
  serve_at(2, 1);
  load(2).begin_prefill(900);
  prompt(10, 20, 1);
  RoutingDecision decision = choose();
  EXPECT_EQ(decision.instance, InstanceId{2});
  EXPECT_EQ(decision.reason, "announced_prefix");
  load(2).begin_prefill(200);
  EXPECT_NE(chosen(), 2U);  // A thousand tokens are worth a second.
}

TEST_F(WorkflowTest, ExpectsNothingOfWhatWasNotAnnounced) {
  serve_at(2, 0);
  load(2).begin_prefill(100);
  prompt(10, 20, 1);
  EXPECT_NE(chosen(), 2U);
  EXPECT_EQ(choose().reason, "least_price");
}

TEST_F(WorkflowTest, TakesAPrefixForUsedOnceItsWorkflowHasBuiltUponIt) {
  serve_at(2, 1);
  prompt(10, 20, 1);
  serve_at(1, 0);
  load(2).begin_prefill(100);
  prompt(10, 20, 2);
  EXPECT_NE(chosen(), 2U);
}

TEST_F(WorkflowTest, KeepsOthersOffWhatIsNeededSoonMoreThanOffWhatIsNeededLate) {
  small_memory(1, 1500);
  small_memory(2, 1500);
  load(0).begin_prefill(50'000);
  load(3).begin_prefill(50'000);
  serve_at(1, 1);
  prompt(0, 10, 5);
  serve_at(2, 9);
  request_.session = 0;
  prompt(0, 10, 6);  // Its thousand tokens fit nowhere beside the announced ones.
  load(1) = {};
  load(2) = {};
  EXPECT_EQ(chosen(), 2U);
  // A second of its own; the other's second over 1 + the steps that are left.
  EXPECT_NEAR(score_of(1), 1.0 + 1.0 / 1.0, 1e-9);
  EXPECT_NEAR(score_of(2), 1.0 + 1.0 / 10.0, 1e-9);
}

TEST_F(WorkflowTest, ChargesNoMoreThanTheNewTokensPushOut) {
  small_memory(1, 1500);
  for (const std::uint64_t own : {5, 6, 7}) {  // Three thousand tokens, where 1,200 are kept.
    prompt(0, 10, own);
    serve_at(1, 1);
  }
  request_.session = 0;
  prompt(0, 5, 8);
  load(1) = {};
  // Half a second of its own, and the prefix of a second that is a step away; the others' turn has
  // come.
  EXPECT_NEAR(score_of(1), 0.5 + 1.0 / 2.0, 1e-9);
}

TEST_F(WorkflowTest, CountsARetryAsNoStep) {
  small_memory(1, 1500);
  for (const std::uint32_t slot : {0U, 2U, 3U}) load(slot).begin_prefill(50'000);
  serve_at(1, 4);
  prompt(0, 10, 5);
  for (int attempt = 0; attempt < 3; ++attempt) static_cast<void>(choose());
  EXPECT_NEAR(score_of(1), 1.0 + 1.0 / 4.0, 1e-9);
}

TEST_F(WorkflowTest, KeepsAtMostSoManyPrefixesTheSoonest) {
  make("workflow:prefixes_max=1");
  serve_at(2, 5);
  prompt(0, 10, 5);
  serve_at(2, 1);
  load(2).begin_prefill(500);
  prompt(10, 20, 7);  // Of the first one nothing is expected any more.
  EXPECT_NE(chosen(), 2U);
}

TEST_F(WorkflowTest, ForgetsWhatAnInstanceHadThatLeaves) {
  serve_at(2, 1);
  tell().instance_left({2});
  load(2).begin_prefill(500);
  prompt(10, 20, 1);
  EXPECT_NE(chosen(), 2U);
}

class WorkflowPrefetchTest : public WorkflowTest {
 protected:
  /// A request of a workflow arrives, that shares nothing with others.
  void step_of(std::uint64_t session) {
    request_.session = session;
    prompt(0, 1, 100 + ++steps_);
    static_cast<void>(choose());
  }
  /// Serves a prompt of ten blocks of its own.
  PrefixChain announce(std::uint64_t session, std::uint32_t slot, std::uint32_t steps) {
    request_.session = session;
    prompt(0, 10, 5000 + session);
    serve_at(slot, steps);
    return request_.chain;
  }
  std::optional<PrefetchOrder> next() { return policy_->prefetcher()->next_prefetch(); }

 private:
  std::uint64_t steps_ = 0;
};

TEST_F(WorkflowPrefetchTest, OrdersAPrefixOneStepBeforeItIsUsed) {
  const PrefixChain chain = announce(9, 2, 3);
  EXPECT_FALSE(next());
  step_of(9);
  EXPECT_FALSE(next());
  step_of(9);
  const auto order = next();
  ASSERT_TRUE(order);
  EXPECT_EQ(order->instance, InstanceId{2});
  EXPECT_EQ(order->chain, chain);
  EXPECT_EQ(order->steps, 1U);
  EXPECT_FALSE(next());
}

TEST_F(WorkflowPrefetchTest, OrdersAtOnceWhatIsUsedInTheNextStep) {
  announce(9, 2, 1);
  EXPECT_EQ(next()->steps, 1U);
}

TEST_F(WorkflowPrefetchTest, OrdersSoonerWhereToldTo) {
  make("workflow:prefetch_steps=2");
  announce(9, 2, 3);
  step_of(9);
  EXPECT_EQ(next()->steps, 2U);
}

TEST_F(WorkflowPrefetchTest, OrdersNothingWhereToldNotTo) {
  make("workflow:prefetch_steps=0");
  EXPECT_EQ(policy_->prefetcher(), nullptr);
}

TEST_F(WorkflowPrefetchTest, OrdersWhatIsDueBesideAPromptThatWasAnnouncedOverAndOver) {
  const PrefixChain chain = announce(8, 1, 1);
  for (int i = 0; i < 5000; ++i) announce(9, 2, 10);  // More than are noted at a time.
  announce(9, 2, 2);
  step_of(9);
  const auto first = next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->chain, chain);
  EXPECT_TRUE(next());
  EXPECT_FALSE(next());
}

TEST_F(WorkflowPrefetchTest, OrdersNothingForStepsOfOtherWorkflows) {
  announce(9, 2, 2);
  step_of(8);
  EXPECT_FALSE(next());
}

TEST_F(WorkflowPrefetchTest, OrdersNothingThatIsUsedByTheStepItself) {
  announce(9, 2, 2);
  step_of(9);  // Nobody asks before the next step comes.
  step_of(9);
  EXPECT_FALSE(next());
}

TEST_F(WorkflowPrefetchTest, OrdersOfAnInstanceNoMoreThanItsBounds) {
  make("workflow:prefetches_max=2,prefetch_tokens_max=2500");
  for (std::uint64_t session = 1; session <= 3; ++session) announce(session, 2, 1);
  EXPECT_TRUE(next());
  EXPECT_TRUE(next());
  EXPECT_FALSE(next());
  announce(4, 1, 1);
  EXPECT_TRUE(next());
}

TEST_F(WorkflowPrefetchTest, OrdersAgainOnceAnOrderHasBeenUsed) {
  make("workflow:prefetches_max=1");
  announce(1, 2, 1);
  ASSERT_TRUE(next());
  serve_at(2, 0);  // The same prompt again: the announced prefix has had its turn.
  announce(2, 2, 1);
  EXPECT_TRUE(next());
}

TEST_F(WorkflowPrefetchTest, CountsAnOrderForAMinuteOnly) {
  make("workflow:prefetches_max=1");
  announce(1, 2, 1);
  ASSERT_TRUE(next());
  wait(59);
  announce(2, 2, 1);
  EXPECT_FALSE(next());
  wait(1);
  announce(3, 2, 1);
  EXPECT_TRUE(next());
}

}  // namespace
}  // namespace ringmaster
