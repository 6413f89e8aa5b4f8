#include <gtest/gtest.h>

#include "sim/arrivals.h"
#include "sim/metrics.h"
#include "sim/synthesis.h"
#include "tests/sim/synthetic_workload.h"

namespace ringmaster::sim {
namespace {

/// What a policy on eight instances makes of a synthesized load at its own rate.
RunMetrics run(std::string_view policy, const SynthesisOptions& load) {
  const Workload workload =
      Workload::make(synthesize(load).value(), {.prompt_tokens_max = 20'480}).value();
  const auto arrivals =
      plan_arrivals(workload.requests(), {.qps = own_rate(workload.requests(), 0).value()});
  const SimulationOptions options = fleet_of(8, policy);
  const auto outcome = simulate(workload, arrivals.value(), 0, options).value();
  return summarise(workload, outcome, 0, options.scheduler.ttft_slo);
}

SynthesisOptions load_of(std::string_view workload, double rate) {
  return {.mix = parse_shape_mix(workload).value(),
          .arrivals = {.rate = rate},
          .requests = 3000,
          .seed = 5};
}

TEST(SynthesizedLoad, GivesNoPolicyAnythingToFindWithoutReuse) {
  for (const std::string_view policy : {"ringmaster", "dualmap", "prefix_affinity"}) {
    const RunMetrics metrics = run(policy, load_of("no-reuse", 2));
    EXPECT_EQ(metrics.cached_token_share, 0.0) << policy;
    EXPECT_EQ(metrics.rejected, 0U) << policy;
  }
}

TEST(SynthesizedLoad, NamesSessionsToPoliciesThatFollowThem) {
  const SynthesisOptions load = load_of("agent", 2);
  const double followed = run("session_affinity", load).cached_token_share;
  EXPECT_GT(followed, 0.7);
  EXPECT_GT(followed, 1.15 * run("random", load).cached_token_share);
}

TEST(SynthesizedLoad, IsLaterWhenItComesInBursts) {
  SynthesisOptions load = load_of("no-reuse", 4);
  const double evenly = run("least_loaded", load).ttft_p99_s.value();
  load.arrivals.kind = ArrivalKind::kGamma;
  load.arrivals.gap_cv = 4;
  EXPECT_GT(run("least_loaded", load).ttft_p99_s.value(), 1.5 * evenly);
}

}  // namespace
}  // namespace ringmaster::sim
