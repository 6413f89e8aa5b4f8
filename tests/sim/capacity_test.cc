#include "sim/capacity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/synthetic_workload.h"

namespace ringmaster::sim {
namespace {

using testing::HasSubstr;

/// Requests that share nothing and take 1 s each, by round robin in even gaps at `qps`.
RunOptions options_of(double qps) {
  RunOptions options{.trace = "t", .policy = "round_robin"};
  options.arrivals.qps = qps;
  options.simulation = fleet_of(1, "round_robin");
  options.simulation.scheduler.ttft_slo = std::chrono::milliseconds(1500);
  return options;
}

constexpr std::uint32_t kTokensPerSecond = 6250;  // Of the 7B profile: 1 / 0.00016.

TEST(PlanCapacity, FindsAsManyInstancesAsTheWorkKeepsBusy) {
  const Workload workload = strangers(400, kTokensPerSecond);
  // 3.5 requests/s of 1 s each in even gaps: four instances never make one wait, three fall behind.
  const auto plan = plan_capacity(workload, options_of(3.5), {.attainment = 0.99}, 64);
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  ASSERT_TRUE(plan->smallest.has_value()) << plan->limit;
  EXPECT_NEAR(plan->busy_instances, 3.5, 1e-9);
  EXPECT_EQ(plan->smallest->options.simulation.instances, 4U);
  EXPECT_EQ(plan->smallest->metrics.slo_attainment, 1.0);
  EXPECT_LT(plan->one_fewer->metrics.slo_attainment, 0.5);
  EXPECT_EQ(plan->one_more->options.simulation.instances, 5U);
  EXPECT_TRUE(plan->limit.empty());
}

TEST(PlanCapacity, HasNoFleetSmallerThanOne) {
  const auto plan =
      plan_capacity(strangers(100, kTokensPerSecond), options_of(0.5), {.attainment = 0.99}, 64);
  ASSERT_TRUE(plan->smallest.has_value());
  EXPECT_EQ(plan->smallest->options.simulation.instances, 1U);
  EXPECT_FALSE(plan->one_fewer.has_value());
}

TEST(PlanCapacity, RefusesAMixedFleet) {
  RunOptions options = options_of(1);
  options.simulation.fleet = {{options.simulation.profile}};
  const auto plan = plan_capacity(strangers(10, 100), options, {}, 4);
  ASSERT_FALSE(plan.has_value());
  EXPECT_THAT(plan.error().message, HasSubstr("neither a mixed fleet nor an autoscaler"));
}

TEST(PlanCapacity, SaysThatPromptsAreTooLong) {
  RunOptions options = options_of(1);
  options.simulation.scheduler.ttft_slo = std::chrono::milliseconds(900);
  const auto plan =
      plan_capacity(strangers(100, kTokensPerSecond), options, {.attainment = 0.9}, 64);
  ASSERT_TRUE(plan.has_value());
  EXPECT_FALSE(plan->smallest.has_value());
  EXPECT_EQ(
      plan->limit,
      "the prompts: the prefill of 100.00 % of the requests alone takes 0.9 s or longer, even "
      "on an idle instance with every repeated block cached (the longest: 6250 tokens, 1 s); "
      "0.00 % at best can be on time, and 90.00 % are to be");
}

TEST(PlanCapacity, SaysThatTheTailIsTooLong) {
  RunOptions options = options_of(1);
  const GoodputTarget target{.attainment = 0.5, .ttft_p99_max = std::chrono::milliseconds(900)};
  const auto plan = plan_capacity(strangers(100, kTokensPerSecond), options, target, 64);
  EXPECT_THAT(plan->limit, HasSubstr("the limit of the P99: the prefill of 100.00 %"));
}

TEST(PlanCapacity, SaysThatTheLargestFleetIsTooSmall) {
  const auto plan =
      plan_capacity(strangers(400, kTokensPerSecond), options_of(8), {.attainment = 0.99}, 4);
  ASSERT_TRUE(plan.has_value());
  EXPECT_FALSE(plan->smallest.has_value());
  EXPECT_THAT(plan->limit, HasSubstr("the size: 4 instances have "));
  EXPECT_THAT(plan->limit, HasSubstr("(99.00 % are to be)"));
}

TEST(PlanCapacity, RefusesARateThatIsNone) {
  EXPECT_THAT(plan_capacity(strangers(10, 100), options_of(0), {}, 4).error().message,
              HasSubstr("qps: expected a rate"));
}

TEST(CapacityText, SaysWhatOneMoreOrFewerBrings) {
  const auto plan =
      plan_capacity(strangers(400, kTokensPerSecond), options_of(3.5), {.attainment = 0.99}, 64);
  const CapacityPlan plans[] = {plan.value()};
  EXPECT_THAT(to_json(plans), HasSubstr(R"("instances":4,"smallest":{"instances":4,)"));
  EXPECT_THAT(to_json(plans), HasSubstr(R"("one_fewer":{"instances":3,)"));
  EXPECT_THAT(to_json(plans), HasSubstr(R"("limit":null)"));
  EXPECT_THAT(to_table(plans), HasSubstr("1 fewer:"));
}

TEST(CapacityText, SaysWhatSeveralSeedsComeTo) {
  const auto plan_of = [](std::uint64_t seed, std::uint32_t instances) {
    CapacityPlan plan{.options = options_of(2)};
    plan.options.simulation.scheduler.seed = seed;
    plan.smallest = RunReport{.options = plan.options};
    plan.smallest->options.simulation.instances = instances;
    return plan;
  };
  CapacityPlan none = plan_of(2, 1);
  none.smallest.reset();
  none.limit = "the size";
  const CapacityPlan plans[] = {plan_of(1, 4), plan_of(2, 6), plan_of(1, 3), none};
  const auto text = to_table(plans);
  EXPECT_THAT(text, HasSubstr("t      round_robin  2.00     2   0.0          6"));
  EXPECT_THAT(text, HasSubstr("t, round_robin, seed 2: infeasible by the size\n"));
  EXPECT_THAT(text, HasSubstr("t, round_robin, 2.00/s: 4 to 6 instances over 2 seeds\n"));
  EXPECT_THAT(text, HasSubstr("3 instances over 2 seeds, infeasible with 1\n"));
}

TEST(CapacityText, NamesNoSeedWhereThereIsOne) {
  const CapacityPlan plans[] = {{.options = options_of(2), .limit = "the size"},
                                {.options = options_of(3), .limit = "the size"}};
  EXPECT_EQ(to_table(plans).find("seed"), std::string::npos);
}

TEST(CapacityText, SaysWhyThereIsNoFleet) {
  CapacityPlan plan{.options = options_of(2), .limit = "the prompts: too long"};
  const CapacityPlan plans[] = {plan};
  EXPECT_THAT(to_table(plans), HasSubstr("t, round_robin: infeasible by the prompts: too long\n"));
  EXPECT_THAT(to_json(plans), HasSubstr(R"("instances":null,"smallest":null)"));
}

}  // namespace
}  // namespace ringmaster::sim
