#include "sim/run_details.h"

#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

using std::chrono::seconds;

constexpr TimePoint kStart{};

struct Request {
  std::uint32_t prompt_tokens = 100;
  int ttft_s = 1;
  std::uint32_t instance = 0;
  std::uint32_t cached_tokens = 0;
  bool is_rejected = false;
};

/// Details of requests that arrive a second apart; the first `warmup` are not counted.
RunDetails details_of(const std::vector<Request>& requests, std::size_t warmup = 0,
                      std::uint32_t instances = 2) {
  Trace trace;
  SimulationOutcome outcome;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Request& request = requests[i];
    trace.records.push_back({.input_tokens = request.prompt_tokens, .output_tokens = 1});
    const auto arrival = kStart + seconds(i);
    outcome.requests.push_back({.arrival = arrival,
                                .first_token = arrival + seconds(request.ttft_s),
                                .instance = request.instance,
                                .cached_tokens = request.cached_tokens,
                                .attempts = 1,
                                .is_rejected = request.is_rejected});
  }
  SimulationOptions options{.instances = instances};
  options.profile.prefill_seconds_per_token = 0.01;
  RunHistory history(kStart, kStart + seconds(96));
  history.change_pending(1, 100, kStart);
  history.finish();
  return describe(Workload::make(trace, {}).value(), outcome, warmup, options, history);
}

TEST(RunDetails, ListsRejectedRequestsFirstAndThenTheSlowest) {
  const auto details =
      details_of({{.ttft_s = 2}, {.ttft_s = 9}, {.is_rejected = true}, {.ttft_s = 3}}, 1);
  ASSERT_EQ(details.worst.size(), 3U);
  EXPECT_EQ(details.worst[0].request, 2U);
  EXPECT_EQ(details.worst[1].request, 1U);
  EXPECT_EQ(details.worst[2].request, 3U);
  EXPECT_DOUBLE_EQ(details.worst[2].arrival_s, 2);  // Since the first counted one.
}

TEST(RunDetails, KeepsTwentyOfTheWorst) {
  EXPECT_EQ(details_of(std::vector<Request>(50)).worst.size(), 20U);
}

TEST(RunDetails, SplitsAttainmentByPromptLength) {
  const auto details = details_of(
      {{.prompt_tokens = 100}, {.prompt_tokens = 5000, .ttft_s = 9}, {.prompt_tokens = 4096}});
  ASSERT_EQ(details.lengths.size(), 2U);
  EXPECT_EQ(details.lengths[0].tokens_from, 0U);
  EXPECT_DOUBLE_EQ(details.lengths[0].attainment, 1);
  EXPECT_EQ(details.lengths[1].tokens_from, 4096U);
  EXPECT_EQ(details.lengths[1].requests, 2U);
  EXPECT_DOUBLE_EQ(details.lengths[1].attainment, 0.5);
  EXPECT_EQ(details.lengths[1].ttft_p90_s, 9.0);
}

TEST(RunDetails, TellsLoadInSecondsOfAnInstance) {
  const auto details = details_of({{.instance = 1, .cached_tokens = 25}, {.instance = 1}});
  ASSERT_EQ(details.load.size(), 2U);
  EXPECT_EQ(details.load[0].requests, 0U);
  EXPECT_EQ(details.load[1].requests, 2U);
  EXPECT_DOUBLE_EQ(details.load[1].cached_token_share, 0.125);
  EXPECT_DOUBLE_EQ(details.load[1].pending_s[50], 1.0);  // 100 tokens at 0.01 s
}

TEST(RunDetails, PutsInstancesTogetherInALargeFleet) {
  const auto details = details_of({{.instance = 129}}, 0, 130);
  ASSERT_EQ(details.load.size(), 44U);  // Three a row, the last row one.
  EXPECT_EQ(details.load[43].first, 129U);
  EXPECT_EQ(details.load[43].last, 129U);
  EXPECT_EQ(details.load[43].requests, 1U);
  EXPECT_NEAR(details.load[0].pending_s[0], 1.0 / 3, 1e-12);  // One of three has a second.
}

TEST(RunDetails, TakesEverySoManiethRequestOfALongRun) {
  const auto details = details_of(std::vector<Request>(20'001));
  EXPECT_EQ(details.sampled_every, 2U);
  EXPECT_EQ(details.sampled_ttft_s.size(), 10'001U);
}

}  // namespace
}  // namespace ringmaster::sim
