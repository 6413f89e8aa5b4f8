#include "sim/report.h"

#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

RunReport report() {
  RunReport report;
  report.options = {.trace = "t.jsonl", .policy = "dualmap", .setting = "dualmap-paper"};
  report.options.arrivals.qps = 4.0;
  report.options.simulation.profile.name = "p";
  report.metrics = {.requests = 3500,
                    .slo_attainment = 0.9375,
                    .ttft_p50_s = 1.5,
                    .ttft_p90_s = 4.0,
                    .ttft_mean_s = 2.0,
                    .cached_token_share = 0.1,
                    .pending_tokens_cv = 0.25,
                    .moves = 7,
                    .worst_length_bucket_attainment = 0.5};
  report.simulated_requests = 4000;
  return report;
}

TEST(ReportJson, HasTheDocumentedKeysInOrder) {
  const RunReport reports[] = {report()};
  EXPECT_EQ(to_json(reports),
            "[\n"
            R"({"trace":"t.jsonl","policy":"dualmap","qps":4,"instances":8,"gateways":1,)"
            R"("setting":"dualmap-paper","profile":"p","model":"serial","seed":42,)"
            R"("requests":3500,"slo_attainment":0.9375,"ttft_p50_s":1.5,"ttft_p90_s":4,)"
            R"("ttft_p99_s":null,"ttft_mean_s":2,"e2e_p90_s":null,"tpot_p90_s":null,)"
            R"("cached_token_share":0.1,"pending_tokens_cv":0.25,"moves":7,"rejected":0,)"
            R"("retried":0,"lost":0,"worst_length_bucket_attainment":0.5,)"
            R"("instance_seconds":0,"instances_most":0,)"
            R"("wall_s":null,"requests_per_wall_s":null})"
            "\n]\n");
}

TEST(ReportJson, SaysHowRequestsCameUnlessInTheRhythmOfTheTrace) {
  RunReport with_jitter = report();
  with_jitter.options.arrivals.jitter_cv = 0.5;
  const RunReport reports[] = {with_jitter};
  EXPECT_NE(to_json(reports).find(R"("seed":42,"arrivals":"trace, jitter 0.5","requests")"),
            std::string::npos);
}

TEST(ReportTable, HasAColumnForSeedsThatDiffer) {
  RunReport other = report();
  other.options.simulation.scheduler.seed = 7;
  const RunReport reports[] = {report(), other};
  EXPECT_NE(to_table(reports).find("seed"), std::string::npos);
  EXPECT_EQ(to_table(std::span(reports).first(1)).find("seed"), std::string::npos);
}

TEST(ReportJson, AddsTheKeysOfAGoodputSearch) {
  RunReport searched = report();
  searched.goodput_qps = 6.5;
  searched.bound_qps = 8.42;
  searched.wall_s = 0.5;
  const RunReport reports[] = {searched};
  const std::string text = to_json(reports);
  EXPECT_NE(text.find(R"("instances_most":0,"goodput_qps":6.5,"bound_qps":8.42,)"
                      R"("wall_s":0.5,"requests_per_wall_s":8000})"),
            std::string::npos);
}

TEST(ReportJson, AddsTheFiguresOfAShadow) {
  RunReport watched = report();
  watched.shadow = {.policy = "min_ttft",
                    .decisions = 4,
                    .differing = 1,
                    .acting_cached_tokens = 800,
                    .shadow_cached_tokens = 1000,
                    .acting_ttft_seconds = 2.0,
                    .shadow_ttft_seconds = 1.0};
  const RunReport reports[] = {watched};
  EXPECT_NE(to_json(reports).find(
                R"("shadow":"min_ttft","shadow_decisions":4,"shadow_differing_share":0.25,)"
                R"("acting_expected_cached_tokens":200,"shadow_expected_cached_tokens":250,)"
                R"("acting_expected_ttft_s":0.5,"shadow_expected_ttft_s":0.25,"wall_s":null)"),
            std::string::npos);
}

TEST(ReportJson, IsAnEmptyArrayWithoutReports) {
  EXPECT_EQ(to_json({}), "[\n]\n");
}

TEST(ReportTable, AlignsOneRowAPoint) {
  const RunReport reports[] = {report()};
  EXPECT_EQ(
      to_table(reports),
      "trace    policy    qps  attained  ttft p50 s    p90  p99  cached  load cv  moves  rejected"
      "  simulated/s\n"
      "t.jsonl  dualmap  4.00    0.9375       1.500  4.000    -  0.1000    0.250      7         0"
      "            -\n");
}

}  // namespace
}  // namespace ringmaster::sim
