#include "sim/result_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/report.h"

namespace ringmaster::sim {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

RunReport report() {
  RunReport report;
  report.options = {.trace = "t.jsonl", .policy = "dualmap", .setting = "realistic"};
  report.options.arrivals.qps = 4.25;
  report.options.arrivals.jitter_cv = 0.5;
  report.options.simulation.profile.name = "p";
  report.options.simulation.instances = 3;
  report.options.simulation.scheduler.seed = 18'446'744'073'709'551'615U;
  report.metrics = {.requests = 3500, .slo_attainment = 0.1 + 0.2, .ttft_p50_s = 1.0 / 3.0};
  report.goodput_qps = 4.25;
  report.bound_qps = 8.5;
  return report;
}

TEST(ParseResult, ReadsWhatToJsonWrote) {
  const auto point = parse_result(to_json_object(report()), "p");
  ASSERT_TRUE(point.has_value()) << point.error().message;
  EXPECT_EQ(point->trace, "t.jsonl");
  EXPECT_EQ(point->policy, "dualmap");
  EXPECT_EQ(point->instances, 3U);
  EXPECT_EQ(point->seed, 18'446'744'073'709'551'615U);
  EXPECT_EQ(point->arrivals, "trace, jitter 0.5");
  EXPECT_EQ(point->metrics.requests, 3500U);
  EXPECT_EQ(point->metrics.slo_attainment, 0.1 + 0.2);  // To the bit.
  EXPECT_EQ(point->metrics.ttft_p50_s, 1.0 / 3.0);
  EXPECT_EQ(point->metrics.ttft_p99_s, std::nullopt);
  EXPECT_EQ(point->goodput_qps, 4.25);
}

TEST(ParseResults, ReadsAList) {
  const RunReport reports[] = {report(), report()};
  EXPECT_EQ(parse_results(to_json(reports), "a.json")->size(), 2U);
}

TEST(ParseResults, NamesThePointAndTheKeyThatIsMissing) {
  const auto points = parse_results(R"([{"trace":"t","policy":"p"}])", "a.json");
  ASSERT_FALSE(points.has_value());
  EXPECT_EQ(points.error().message,
            "a.json: point 1: expected a result of `ringmaster sim --json` with \"qps\", found "
            "nothing; make the file anew with `ringmaster sim ... --json FILE`");
}

TEST(ParseResults, GoesWithoutTheMetricsThatEarlierVersionsDidNotCount) {
  std::string text = to_json_object(report());
  for (const std::string_view key :
       {"\"lost\":0,", "\"instance_seconds\":0,", "\"instances_most\":0,"}) {
    const std::size_t begin = text.find(key);
    ASSERT_NE(begin, std::string::npos) << key << " in " << text;
    text.erase(begin, key.size());
  }
  const auto point = parse_result(text, "p");
  ASSERT_TRUE(point.has_value()) << point.error().message;
  EXPECT_THAT(point->absent, testing::ElementsAre("lost", "instance_seconds", "instances_most"));
  EXPECT_EQ(point->metrics.requests, 3500U);
}

TEST(ParseResults, NeedsEveryOtherMetric) {
  std::string text = to_json_object(report());
  const std::string_view key = "\"moves\":0,";
  text.erase(text.find(key), key.size());
  EXPECT_THAT(parse_result(text, "a.json: point 1").error().message,
              StartsWith("a.json: point 1: expected a result of `ringmaster sim --json` with "
                         "\"moves\", found nothing; make the file anew"));
}

TEST(ParseResults, RefusesAValueOfTheWrongKind) {
  std::string text = to_json_object(report());
  text.replace(text.find(":3,"), 3, ":\"three\",");
  EXPECT_THAT(parse_result(text, "p").error().message, HasSubstr("\"instances\", found \"three\""));
}

TEST(ParseResults, RefusesWhatIsNotAListOfPoints) {
  EXPECT_THAT(parse_results("{", "a.json").error().message, StartsWith("a.json: expected JSON: "));
  EXPECT_THAT(parse_results("{}", "a.json").error().message, HasSubstr("expected the list"));
  EXPECT_THAT(parse_results("[]", "a.json").error().message, HasSubstr("at least one point"));
  EXPECT_THAT(parse_results("[1]", "a.json").error().message,
              HasSubstr("point 1: expected an object, found 1"));
}

}  // namespace
}  // namespace ringmaster::sim
