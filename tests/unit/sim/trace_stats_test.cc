#include "sim/trace_stats.h"

#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

Trace three_requests() {
  return parse_trace(R"({"timestamp":0,"input_length":1024,"output_length":10,"hash_ids":[1,2]}
{"timestamp":1000,"input_length":1024,"output_length":20,"hash_ids":[1,3]}
{"timestamp":4000,"input_length":1000,"output_length":30,"hash_ids":[4,5]}
)",
                     "t.jsonl")
      .value();
}

TEST(TraceStats, MeasuresLengthsAndRate) {
  const auto stats = trace_stats(three_requests(), "t.jsonl");
  EXPECT_EQ(stats.requests, 3U);
  EXPECT_DOUBLE_EQ(stats.mean_qps, 0.5);
  EXPECT_EQ(stats.input_tokens.p50, 1024);
  EXPECT_DOUBLE_EQ(stats.output_tokens.mean, 20.0);
  EXPECT_EQ(stats.output_tokens.max, 30);
}

TEST(TraceStats, MeasuresReuseByAnInfiniteCache) {
  const auto stats = trace_stats(three_requests(), "t.jsonl");
  EXPECT_DOUBLE_EQ(stats.cacheable_token_share, 512.0 / 3048.0);
  EXPECT_DOUBLE_EQ(stats.reusing_request_share, 1.0 / 3.0);
  EXPECT_DOUBLE_EQ(stats.top_first_block_share, 2.0 / 3.0);
  EXPECT_EQ(stats.distinct_blocks, 4U);
}

TEST(TraceStats, MeasuresWhoReusesHalfOfAPrompt) {
  // The second request finds 512 of 1,024 tokens, the third none.
  EXPECT_DOUBLE_EQ(trace_stats(three_requests(), "t").half_reusing_request_share, 1.0 / 3.0);
}

TEST(TraceStats, MeasuresHowFarAwayAReuseIs) {
  // Block 1 is used again after 1 and 2 were: two distinct blocks, one second later.
  const auto stats = trace_stats(three_requests(), "t");
  EXPECT_DOUBLE_EQ(stats.reuse_distance_blocks.mean, 2.0);
  EXPECT_DOUBLE_EQ(stats.reuse_seconds.max, 1.0);
}

TEST(TraceStats, MeasuresTheSpreadOfGaps) {
  // Gaps of 1 s and 3 s: mean 2, standard deviation 1.
  EXPECT_DOUBLE_EQ(trace_stats(three_requests(), "t").gap_cv, 0.5);
}

TEST(TraceStats, CountsWhatIsNamed) {
  const auto trace = parse_trace(
      R"({"timestamp":0,"input_length":9,"output_length":1,"hash_ids":[],"session":4,"tenant":1}
{"timestamp":0,"input_length":9,"output_length":1,"hash_ids":[],"session":5,"tenant":1}
{"timestamp":0,"input_length":9,"output_length":1,"hash_ids":[],"session":5,"adapter":2}
)",
      "t.jsonl");
  const auto stats = trace_stats(trace.value(), "t");
  EXPECT_EQ(stats.sessions, 2U);
  EXPECT_EQ(stats.tenants, 1U);
  EXPECT_EQ(stats.adapters, 1U);
  EXPECT_DOUBLE_EQ(stats.gap_cv, 0.0);
  EXPECT_DOUBLE_EQ(stats.reuse_distance_blocks.max, 0.0);
}

TEST(TraceStats, FindsBlocksThatAreInOnePercentOfTheRequests) {
  Trace trace;
  for (std::uint64_t i = 0; i < 200; ++i) {
    // Half of the requests start with block 7, all have a block of their own.
    const std::size_t first = trace.hash_ids.size();
    if (i % 2 == 0) trace.hash_ids.push_back(7);
    trace.hash_ids.push_back(1000 + i);
    trace.records.push_back(
        {.input_tokens = 1024, .first_id = first, .id_count = trace.hash_ids.size() - first});
  }
  const auto stats = trace_stats(trace, "t");
  EXPECT_EQ(stats.hot_blocks, 1U);
  EXPECT_DOUBLE_EQ(stats.hot_token_share, 0.25);
  EXPECT_DOUBLE_EQ(stats.top_first_block_share, 0.5);
}

}  // namespace
}  // namespace ringmaster::sim
