#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "sim/simulation.h"
#include "sim/slo_targets.h"
#include "sim/workload.h"

namespace ringmaster::sim {

/// What a run is judged by, over its counted requests.
///
/// Quantiles are exact order statistics (nearest rank: the smallest value that a share q of the
/// requests does not exceed). A rejected request has no first token: it counts as infinitely late,
/// so a quantile that falls on one is absent. Means are over answered requests.
struct RunMetrics {
  std::size_t requests = 0;
  double slo_attainment = 0;  ///< Share that met its targets (slo_targets.h), in [0, 1].
  std::optional<double> ttft_p50_s;
  std::optional<double> ttft_p90_s;
  std::optional<double> ttft_p99_s;
  std::optional<double> ttft_mean_s;
  std::optional<double> e2e_p90_s;
  std::optional<double>
      tpot_p90_s;                 ///< Over requests that took time to decode; absent if none did.
  double cached_token_share = 0;  ///< Prompt tokens found cached / prompt tokens, in [0, 1].
  double pending_tokens_cv = 0;   ///< See SimulationOutcome.
  std::uint64_t moves = 0;
  std::uint64_t rejected = 0;
  std::uint64_t retried = 0;          ///< Requests sent more than once.
  std::uint64_t lost = 0;             ///< Answers that broke off after the first token.
  double instance_seconds = 0;        ///< See SimulationOutcome.
  std::uint64_t instances_most = 0;   ///< At a time.
  std::vector<ClassMetrics> classes;  ///< Empty if all requests are alike.
  /// Smallest attainment over the buckets of prompt length ([0, 2048), [2048, 4096), [4096, 8192)
  /// and so on by doubling) that hold at least 1 % of the requests.
  double worst_length_bucket_attainment = 0;
};

/// Requires: `first_counted` is below the number of requests.
[[nodiscard]] RunMetrics summarise(const Workload& workload, const SimulationOutcome& outcome,
                                   std::size_t first_counted, const SloTargets& targets);

/// The same with one target for all requests.
[[nodiscard]] inline RunMetrics summarise(const Workload& workload,
                                          const SimulationOutcome& outcome,
                                          std::size_t first_counted, Duration ttft_slo) {
  return summarise(workload, outcome, first_counted, SloTargets{.ttft = ttft_slo});
}

}  // namespace ringmaster::sim
