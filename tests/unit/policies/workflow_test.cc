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

}  // namespace
}  // namespace ringmaster
