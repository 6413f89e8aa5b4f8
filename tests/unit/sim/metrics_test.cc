#include "sim/metrics.h"

#include <vector>

#include <gtest/gtest.h>

#include "sim/pending_work.h"

namespace ringmaster::sim {
namespace {

using std::chrono::seconds;

constexpr TimePoint kStart{};

Workload prompts(const std::vector<std::uint32_t>& prompt_tokens) {
  Trace trace;
  for (const std::uint32_t tokens : prompt_tokens) {
    trace.records.push_back({.input_tokens = tokens, .output_tokens = 11});
  }
  return Workload::make(trace, {}).value();
}

RequestOutcome answered(int ttft_s, int e2e_s = 0) {
  return {.first_token = kStart + seconds(ttft_s),
          .finished = kStart + seconds(e2e_s > 0 ? e2e_s : ttft_s),
          .attempts = 1};
}

RequestOutcome rejected() {
  return {.is_rejected = true};
}

TEST(Summarise, CountsTheShareBelowTheSlo) {
  const auto metrics =
      summarise(prompts({10, 10, 10, 10}), {{answered(1), answered(4), answered(5), answered(9)}},
                0, seconds(5));
  EXPECT_DOUBLE_EQ(metrics.slo_attainment, 0.5);  // 5 s is not below 5 s
}

TEST(Summarise, TakesExactOrderStatistics) {
  const auto metrics =
      summarise(prompts({10, 10, 10, 10}), {{answered(4), answered(1), answered(3), answered(2)}},
                0, seconds(5));
  EXPECT_EQ(metrics.ttft_p50_s, 2.0);
  EXPECT_EQ(metrics.ttft_p90_s, 4.0);
  EXPECT_EQ(metrics.ttft_mean_s, 2.5);
}

TEST(Summarise, LeavesOutWarmUp) {
  const auto metrics = summarise(prompts({10, 10}), {{answered(100), answered(1)}}, 1, seconds(5));
  EXPECT_EQ(metrics.requests, 1U);
  EXPECT_DOUBLE_EQ(metrics.slo_attainment, 1.0);
}

TEST(Summarise, TakesARejectedRequestForInfinitelyLate) {
  const auto metrics = summarise(prompts({10, 10}), {{answered(1), rejected()}}, 0, seconds(5));
  EXPECT_DOUBLE_EQ(metrics.slo_attainment, 0.5);
  EXPECT_EQ(metrics.rejected, 1U);
  EXPECT_EQ(metrics.ttft_p50_s, 1.0);
  EXPECT_FALSE(metrics.ttft_p90_s.has_value());
  EXPECT_EQ(metrics.ttft_mean_s, 1.0);
}

TEST(Summarise, MeasuresTimePerOutputTokenWhereThereIsDecoding) {
  const auto metrics = summarise(prompts({10}), {{answered(1, 6)}}, 0, seconds(5));
  EXPECT_EQ(metrics.tpot_p90_s, 0.5);  // 5 s for the ten tokens after the first
  EXPECT_EQ(metrics.e2e_p90_s, 6.0);
  EXPECT_FALSE(summarise(prompts({10}), {{answered(1)}}, 0, seconds(5)).tpot_p90_s.has_value());
}

TEST(Summarise, WeighsCachedTokensByLength) {
  SimulationOutcome outcome{{answered(1), answered(1)}};
  outcome.requests[0].cached_tokens = 512;
  EXPECT_DOUBLE_EQ(summarise(prompts({1000, 3000}), outcome, 0, seconds(5)).cached_token_share,
                   512.0 / 4000.0);
}

TEST(Summarise, FindsTheWorstLengthBucket) {
  const auto metrics =
      summarise(prompts({100, 2047, 2048, 4095, 5000}),
                {{answered(1), answered(1), answered(1), answered(9), answered(1)}}, 0, seconds(5));
  EXPECT_DOUBLE_EQ(metrics.worst_length_bucket_attainment, 0.5);
}

TEST(Summarise, CountsMovesAndRetries) {
  SimulationOutcome outcome{{answered(1), answered(1)}};
  outcome.requests[0].moves = 2;
  outcome.requests[1].attempts = 2;
  const auto metrics = summarise(prompts({10, 10}), outcome, 0, seconds(5));
  EXPECT_EQ(metrics.moves, 2U);
  EXPECT_EQ(metrics.retried, 1U);
}

TEST(PendingWork, IsEvenWhenAllHaveTheSame) {
  PendingWork work;
  work.set_places(2);
  work.set_present(2);
  EXPECT_DOUBLE_EQ(work.coefficient_of_variation(), 0.0);
  work.add(0, 100);
  work.add(1, 100);
  EXPECT_DOUBLE_EQ(work.coefficient_of_variation(), 0.0);
}

TEST(PendingWork, ComparesSpreadWithMean) {
  PendingWork work;
  work.set_places(2);
  work.set_present(2);
  work.add(0, 300);
  work.add(1, 100);
  EXPECT_DOUBLE_EQ(work.coefficient_of_variation(), 0.5);
  work.remove(0, 300);
  EXPECT_DOUBLE_EQ(work.coefficient_of_variation(), 1.0);
}

}  // namespace
}  // namespace ringmaster::sim
