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
  EXPECT_EQ(stats.input_tokens.p50, 1024U);
  EXPECT_DOUBLE_EQ(stats.output_tokens.mean, 20.0);
  EXPECT_EQ(stats.output_tokens.max, 30U);
}

TEST(TraceStats, MeasuresReuseByAnInfiniteCache) {
  const auto stats = trace_stats(three_requests(), "t.jsonl");
  EXPECT_DOUBLE_EQ(stats.cacheable_token_share, 512.0 / 3048.0);
  EXPECT_DOUBLE_EQ(stats.reusing_request_share, 1.0 / 3.0);
  EXPECT_DOUBLE_EQ(stats.top_first_block_share, 2.0 / 3.0);
  EXPECT_EQ(stats.distinct_blocks, 4U);
}

}  // namespace
}  // namespace ringmaster::sim
