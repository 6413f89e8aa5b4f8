#include "sim/html_report.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policies/published_form.h"
#include "sim/page_data.h"

namespace ringmaster::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

RunReport point(const std::string& policy, double qps, double attainment) {
  RunReport report;
  report.options = {.trace = "t.jsonl", .policy = policy, .setting = "dualmap-paper"};
  report.options.arrivals.qps = qps;
  report.options.simulation.profile.name = "p";
  report.options.simulation.scheduler.policy.name = "dualmap";
  report.metrics = {.requests = 2, .slo_attainment = attainment, .ttft_p90_s = 1.23456};
  RunDetails details{.period_s = 1.0};
  details.ttft_quantiles_s.assign(RunDetails::quantile_shares().size(), 1.0);
  details.load.resize(8);
  details.sampled_ttft_s = {1.0F, policy == "b" ? 9.0F : 2.0F};
  report.details = std::make_shared<const RunDetails>(details);
  return report;
}

RunReport search(const std::string& policy, double goodput) {
  RunReport report = point(policy, goodput, 0.9);
  report.goodput_qps = goodput;
  report.bound_qps = 10.0;
  report.details = nullptr;
  return report;
}

boost::json::value data_of(const std::vector<RunReport>& searches,
                           const std::vector<RunReport>& points) {
  return boost::json::parse(page_data({.searches = searches, .points = points}));
}

TEST(ComparisonQps, IsTheGoodputOfTheSecondBest) {
  EXPECT_DOUBLE_EQ(comparison_qps(std::vector{search("a", 4), search("b", 6), search("c", 5)}), 5);
}

TEST(ComparisonQps, IsThatOfTheOnlyOneThatMeetsTheTarget) {
  EXPECT_DOUBLE_EQ(comparison_qps(std::vector{search("a", 4), search("b", 0)}), 4);
  EXPECT_DOUBLE_EQ(comparison_qps(std::vector{search("b", 0)}), 0);
}

TEST(ComparisonRates, LieAroundIt) {
  EXPECT_THAT(comparison_rates(std::vector{search("a", 4)}), ElementsAre(3.2, 3.6, 4, 4.4, 4.8));
  EXPECT_THAT(comparison_rates(std::vector{search("a", 0.01)}), ElementsAre(0.01));
  EXPECT_TRUE(comparison_rates(std::vector{search("a", 0)}).empty());
}

TEST(PageData, HasPoliciesInTheOrderGivenWithTheirPoints) {
  const auto data = data_of({}, {point("b", 1, 1.0), point("b", 2, 0.5), point("a", 1, 1.0)});
  const auto& policies = data.at_pointer("/traces/0/policies").as_array();
  ASSERT_EQ(policies.size(), 2U);
  EXPECT_EQ(policies[0].at("name"), "b");
  EXPECT_EQ(policies[0].at("points").as_array().size(), 2U);
  EXPECT_EQ(policies[1].at("name"), "a");
  EXPECT_EQ(policies[0].at_pointer("/points/0/ttft_p90_s"), 1.235);  // Four digits.
}

TEST(ToHtml, ShowsSeveralSeedsAsTheirMean) {
  std::vector<RunReport> searches = {search("a", 4), search("a", 6), search("b", 3),
                                     search("b", 3)};
  for (std::size_t i = 0; i < searches.size(); ++i) {
    searches[i].options.simulation.scheduler.seed = 1 + i % 2;
  }
  const std::string page = to_html({.searches = searches, .points = {}});
  EXPECT_THAT(page, HasSubstr(R"("goodput_qps":5,"goodput_half_width":12.71)"));
  EXPECT_THAT(page, HasSubstr("means of 2; details, worst requests and pairs of seed 1"));
}

TEST(PageData, SaysInWhichFormAPolicyRan) {
  const auto data = data_of({}, {point("a", 1, 1.0)});
  EXPECT_EQ(data.at_pointer("/traces/0/policies/0/queue"), "fcfs");
  EXPECT_EQ(data.at_pointer("/traces/0/policies/0/rebalancing"), "paper");
  EXPECT_EQ(data.at_pointer("/traces/0/policies/0/window"), 1);
}

TEST(PageData, KnowsEveryFormOfRebalancing) {
  RunReport report = point("a", 1, 0.9);
  for (const std::string_view name : kRebalancingNames) {
    const auto place = std::ranges::find(kRebalancingNames, name) - kRebalancingNames.begin();
    report.options.simulation.scheduler.rebalancing = static_cast<Rebalancing>(place);
    const auto data = data_of({}, {report});
    EXPECT_EQ(data.at_pointer("/traces/0/policies/0/rebalancing").as_string(), name);
  }
}

TEST(PageData, SaysWhatForwardingIsTakenToCost) {
  RunReport report = point("a", 1, 0.9);
  report.options.simulation.gateways = 4;
  const auto text = [&] { return boost::json::serialize(data_of({}, {report})); };
  EXPECT_THAT(text(), Not(HasSubstr("1 ms: an estimate")));
  report.options.simulation.peers = true;
  EXPECT_THAT(text(), HasSubstr("takes 1 ms: an estimate"));
}

TEST(PageData, ComparesEveryPairAtEachRate) {
  const auto data = data_of({}, {point("a", 1, 1.0), point("a", 2, 1.0), point("b", 1, 1.0),
                                 point("b", 2, 1.0), point("c", 1, 1.0)});
  const auto& pairs = data.at_pointer("/traces/0/pairs").as_array();
  ASSERT_EQ(pairs.size(), 4U);  // a-b at both rates, a-c and b-c at one.
  EXPECT_EQ(pairs[0].at("only_first"), 1);
  EXPECT_EQ(pairs[0].at("met_by_both"), 1);
}

TEST(PageData, NumbersTheWorstRequestsFromOneAndSaysWhatTheirReasonsMean) {
  RunReport report = point("a", 1, 1.0);
  RunDetails details = *report.details;
  details.worst = {{.request = 6, .choice = {.reason = "more_cached"}}};
  report.details = std::make_shared<const RunDetails>(details);
  const auto data = data_of({}, {report});
  EXPECT_EQ(data.at_pointer("/traces/0/policies/0/points/0/details/worst/0/request"), 7);
  EXPECT_FALSE(data.at_pointer("/reasons/more_cached").as_string().empty());
}

TEST(PageData, HasTheGoodputOfASearchAndTheRateOfTheComparison) {
  const auto data = data_of({search("a", 6), search("b", 5)}, {point("a", 5, 1), point("b", 5, 1)});
  EXPECT_EQ(data.at_pointer("/traces/0/compared_qps"), 5);
  EXPECT_EQ(data.at_pointer("/traces/0/policies/0/goodput_qps"), 6);
  EXPECT_EQ(data.at_pointer("/traces/0/policies/0/bound_qps"), 10);
  EXPECT_EQ(data.at_pointer("/traces/0/policies/0/at_goodput/qps"), 6);
}

TEST(PageData, HoldsWhereNoPolicyMeetsTheTarget) {
  const auto data = data_of({search("a", 0)}, {});
  EXPECT_TRUE(data.at_pointer("/traces/0/policies/0/points").as_array().empty());
  EXPECT_TRUE(data.at_pointer("/traces/0/pairs").as_array().empty());
}

TEST(PageData, KeepsDetailsOfTheRatesNearestTheKneeWhenThereAreManyRuns) {
  std::vector<RunReport> points;
  for (int policy = 0; policy < 40; ++policy) {
    for (int qps = 1; qps <= 20; ++qps) {
      points.push_back(point("p" + std::to_string(policy), qps, qps <= 12 ? 0.95 : 0.5));
    }
  }
  const auto data = data_of({}, points);
  const auto& runs = data.at_pointer("/traces/0/policies/0/points").as_array();
  ASSERT_EQ(runs.size(), 20U);
  EXPECT_TRUE(runs[11].as_object().contains("details"));
  EXPECT_FALSE(runs[0].as_object().contains("details"));
  EXPECT_LT(boost::json::serialize(data).size(), 6'000'000U);
}

TEST(HtmlReport, EscapesWhatComesFromFileNames) {
  RunReport report = point("a", 1, 1.0);
  report.options.trace = "</script><b>.jsonl";
  const std::vector<RunReport> points = {report};
  const std::string html = to_html({.command = "ringmaster sim", .points = points});
  EXPECT_EQ(html.find("</script><b>"), std::string::npos);
  EXPECT_THAT(html, HasSubstr(R"("name":"\u003c/script>\u003cb>.jsonl")"));
}

TEST(HtmlReport, ShowsTheTableWhereScriptsDoNotRun) {
  const std::vector<RunReport> points = {point("some_policy", 1, 0.9375)};
  EXPECT_THAT(to_html({.points = points}), HasSubstr("0.9375"));
}

}  // namespace
}  // namespace ringmaster::sim
