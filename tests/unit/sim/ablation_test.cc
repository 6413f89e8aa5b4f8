#include "sim/ablation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

using testing::HasSubstr;

RunOptions run_of(std::string policy) {
  RunOptions options{.trace = "t.jsonl", .policy = policy};
  options.simulation.scheduler.policy = parse_policy_config(policy).value();
  options.simulation.profile.name = "p";
  return options;
}

TEST(WithoutEachPart, StartsWithTheWhole) {
  const auto runs = without_each_part(run_of("dualmap"));
  ASSERT_TRUE(runs.has_value());
  ASSERT_EQ(runs->size(), 1 + policy_parts("dualmap").size());
  EXPECT_TRUE(runs->front().simulation.scheduler.policy.options.empty());
}

TEST(WithoutEachPart, SwitchesAnOptionOffAndKeepsTheOthers) {
  const auto runs = without_each_part(run_of("dualmap:threshold=0.5,rebalance=on"));
  ASSERT_TRUE(runs.has_value());
  const auto& options = (*runs)[1].simulation.scheduler.policy.options;  // Without moves.
  EXPECT_THAT(options, testing::ElementsAre(testing::Pair("threshold", "0.5"),
                                            testing::Pair("rebalance", "off")));
}

TEST(WithoutEachPart, SwitchesTheFormOfThePolicyOff) {
  const auto parts = policy_parts("ringmaster");
  const auto runs = without_each_part(run_of("ringmaster"));
  ASSERT_TRUE(runs.has_value());
  std::size_t checked = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i].option.empty()) continue;
    const SchedulerOptions& scheduler = (*runs)[i + 1].simulation.scheduler;
    EXPECT_EQ(scheduler.queue, parts[i].queue);
    EXPECT_EQ(scheduler.dispatch_window_requests, parts[i].window_requests);
    EXPECT_TRUE(scheduler.policy.options.empty());
    ++checked;
  }
  EXPECT_GE(checked, 2U);  // The queue and holding.
}

TEST(WithoutEachPart, ListsThePoliciesThatDescribeTheirParts) {
  const auto runs = without_each_part(run_of("random"));
  ASSERT_FALSE(runs.has_value());
  EXPECT_THAT(runs.error().message, HasSubstr("(ringmaster, dualmap), found \"random\""));
}

Ablation ablation_of(double whole, double without) {
  Ablation ablation;
  ablation.whole = {.options = run_of("dualmap"), .goodput_qps = whole};
  for (std::size_t i = 0; i < policy_parts("dualmap").size(); ++i) {
    ablation.without.push_back({.options = run_of("dualmap"), .goodput_qps = without});
  }
  return ablation;
}

TEST(AblationText, SaysWhatAPartIsWorth) {
  const Ablation ablations[] = {ablation_of(4.0, 3.0)};
  EXPECT_THAT(to_json(ablations), HasSubstr(R"("part":"moves")"));
  EXPECT_THAT(to_json(ablations), HasSubstr(R"("goodput_qps_without":3,"change":-0.25)"));
  EXPECT_THAT(to_table(ablations), HasSubstr("-25.0 %"));
  EXPECT_THAT(to_markdown(ablations), HasSubstr("| 3.00 (-25.0 %) |\n"));
}

TEST(AblationText, HasOneRowForAllSeedsOfAPart) {
  // Changes of -25 %, -50 % and -60 %: mean -45 %, standard deviation 0.18028, t(2) = 4.3027.
  Ablation ablations[] = {ablation_of(4.0, 3.0), ablation_of(4.0, 2.0), ablation_of(5.0, 2.0)};
  for (std::size_t i = 0; i < 3; ++i) {
    ablations[i].whole.options.simulation.scheduler.seed = i + 1;
  }
  EXPECT_THAT(to_json(ablations), HasSubstr(R"("seeds":[1,2,3],"part":"moves")"));
  EXPECT_THAT(
      to_json(ablations),
      HasSubstr(R"("goodput_qps":4.333333333333333,"goodput_qps_without":2.3333333333333335)"));
  EXPECT_THAT(to_json(ablations), HasSubstr(R"("change":-0.45,"change_half_width":0.4478)"));
  EXPECT_THAT(to_table(ablations), HasSubstr("-45.0 ± 44.8 %"));
  EXPECT_THAT(to_markdown(ablations), HasSubstr("| 2.33 (-45.0 ± 44.8 %) |\n"));
}

TEST(AblationText, HasNoIntervalWithOneSeed) {
  const Ablation ablations[] = {ablation_of(4.0, 3.0)};
  EXPECT_THAT(to_json(ablations), HasSubstr(R"("change_half_width":null)"));
}

TEST(AblationText, SaysNoChangeWhereNothingWasReached) {
  const Ablation ablations[] = {ablation_of(0.0, 0.0)};
  EXPECT_THAT(to_json(ablations), HasSubstr(R"("change":null)"));
}

}  // namespace
}  // namespace ringmaster::sim
