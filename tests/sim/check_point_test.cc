// Figures that were computed independently of this code, and closed formulas.

#include <cmath>

#include <gtest/gtest.h>

#include "recorded_trace.h"
#include "sim/report.h"
#include "sim/run.h"
#include "synthetic_workload.h"

namespace ringmaster::sim {
namespace {

/// The setting of the DualMap paper: conversation trace, 7B profile, serial, 8 instances.
RunOptions paper_point(double qps, std::string_view policy) {
  RunOptions options{.trace = "conversation",
                     .policy = std::string(policy),
                     .setting = "dualmap-paper",
                     .arrivals = {.qps = qps, .warmup_requests = 500, .warmup_qps = 0.3},
                     .simulation = fleet_of(8, policy)};
  options.simulation.scheduler.queue = QueueDiscipline::kFcfs;
  return options;
}

std::optional<Workload> conversation_workload() {
  const auto trace = recorded_trace("conversation_trace.jsonl");
  if (!trace) return std::nullopt;
  return Workload::make(*trace, {.requests = 4000, .prompt_tokens_max = 20'480}).value();
}

double rounded(double value) {
  return std::round(value * 1e4) / 1e4;
}

TEST(CheckPoint, RoundRobinAtFourRequestsASecondIsExact) {
  const auto workload = conversation_workload();
  RINGMASTER_NEEDS_TRACE(workload);
  const auto report = run_point(*workload, paper_point(4.0, "round_robin")).value();
  EXPECT_EQ(report.metrics.requests, 3500U);
  EXPECT_DOUBLE_EQ(rounded(report.metrics.slo_attainment), 0.9366);
  EXPECT_DOUBLE_EQ(rounded(report.metrics.cached_token_share), 0.1067);
}

TEST(CheckPoint, InfiniteCacheBoundOfTheConversationTraceIsExact) {
  const auto workload = conversation_workload();
  RINGMASTER_NEEDS_TRACE(workload);
  const auto report = find_goodput(*workload, paper_point(0.0, "round_robin"), {}).value();
  EXPECT_NEAR(*report.bound_qps, 8.42, 0.005);
}

// M/D/1: Poisson arrivals, one server, equal service times s. Mean wait = rho s / (2 (1 - rho)).
class SingleServerQueue : public testing::TestWithParam<double> {};

TEST_P(SingleServerQueue, WaitsAsLongAsTheFormulaSays) {
  constexpr std::uint32_t kTokens = 1250;  // s = 0.2 s
  constexpr std::size_t kRequests = 200'000;
  constexpr double kServiceSeconds = 0.2;
  const double utilisation = GetParam();
  const auto arrivals = poisson_arrivals(1, kRequests, utilisation / kServiceSeconds);
  const auto workload = strangers(kRequests, kTokens);
  const auto outcome = simulate(workload, arrivals, 0, fleet_of(1, "round_robin")).value();
  const auto metrics = summarise(workload, outcome, 0, std::chrono::seconds(5));
  const double wait = utilisation * kServiceSeconds / (2 * (1 - utilisation));
  EXPECT_NEAR(*metrics.ttft_mean_s - kServiceSeconds, wait, 0.03 * wait);
}

INSTANTIATE_TEST_SUITE_P(MD1, SingleServerQueue, testing::Values(0.3, 0.6, 0.8));

}  // namespace
}  // namespace ringmaster::sim
