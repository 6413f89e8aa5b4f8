#include "sim/run_history.h"

#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

using std::chrono::seconds;

constexpr TimePoint kStart{};

TimePoint at(int s) {
  return kStart + seconds(s);
}

/// From 100 s to 196 s: periods of a second.
RunHistory history() {
  return {at(100), at(196)};
}

TEST(RunHistory, HasTheMeanOfWhatWasPendingInEachPeriod) {
  RunHistory kept = history();
  kept.change_pending(0, 1000, at(102));
  kept.change_pending(0, -600, kStart + std::chrono::milliseconds(103'500));
  kept.change_pending(0, -400, at(105));
  kept.finish();
  const auto means = kept.mean_pending_tokens(0);
  EXPECT_DOUBLE_EQ(means[1], 0);
  EXPECT_DOUBLE_EQ(means[2], 1000);
  EXPECT_DOUBLE_EQ(means[3], 700);
  EXPECT_DOUBLE_EQ(means[4], 400);
  EXPECT_DOUBLE_EQ(means[5], 0);
}

TEST(RunHistory, KeepsOnlyWhatFallsIntoItsTime) {
  RunHistory kept = history();
  kept.change_pending(0, 10, at(1));
  kept.change_pending(0, 10, at(101));
  kept.change_pending(0, -20, at(500));
  kept.finish();
  const auto means = kept.mean_pending_tokens(0);
  EXPECT_DOUBLE_EQ(means.front(), 10);
  EXPECT_DOUBLE_EQ(means[1], 20);
  EXPECT_DOUBLE_EQ(means.back(), 20);
}

TEST(RunHistory, CarriesWhatIsLeftToTheEnd) {
  RunHistory kept = history();
  kept.change_pending(2, 7, at(190));
  kept.finish();
  EXPECT_EQ(kept.instances(), 3U);
  EXPECT_DOUBLE_EQ(kept.mean_pending_tokens(2)[95], 7);
  EXPECT_DOUBLE_EQ(kept.mean_pending_tokens(1)[95], 0);
}

TEST(RunHistory, KeepsTheLastChoiceWithTheEstimateOfTheChosenInstance) {
  RunHistory kept = history();
  DecisionRecord decision{.chosen = {5}, .reason = "first", .candidate_count = 2};
  kept.note_choice(3, decision);
  decision.reason = "second";
  decision.held = true;
  decision.candidates[0] = {.instance = {4}, .estimated_ttft_seconds = 1.0};
  decision.candidates[1] = {.instance = {5}, .estimated_ttft_seconds = 2.5};
  kept.note_choice(3, decision);
  EXPECT_EQ(kept.choice_of(3).reason, "second");
  EXPECT_TRUE(kept.choice_of(3).is_held);
  EXPECT_FLOAT_EQ(kept.choice_of(3).estimated_ttft_s, 2.5F);
  EXPECT_EQ(kept.choice_of(99).reason, "");
}

}  // namespace
}  // namespace ringmaster::sim
