#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sim/arrivals.h"
#include "sim/metrics.h"
#include "sim/run_details.h"
#include "sim/simulation.h"
#include "sim/workload.h"

namespace ringmaster::sim {

/// One point: a workload at one rate under one policy. Strings name it in the output.
struct RunOptions {
  std::string trace;
  std::string policy;
  std::string setting;
  ArrivalOptions arrivals;
  SimulationOptions simulation;
  bool is_detailed = false;  ///< Whether run_point() gives details; it then takes longer.
};

/// What is reported of a point.
struct RunReport {
  RunOptions options;
  RunMetrics metrics;
  std::optional<double> goodput_qps;          ///< Only of a goodput search.
  std::optional<double> bound_qps;            ///< Only of a goodput search.
  std::shared_ptr<const RunDetails> details;  ///< Null unless asked for.
  std::uint64_t simulated_requests = 0;       ///< Warm-up and all runs of a search included.
  std::optional<ShadowFigures> shadow;        ///< Of the counted requests, where there is one.
  std::optional<CopyFigures> copies;          ///< Only of the model with host memory.
  std::optional<double> wall_s;               ///< Measured by the caller; absent: not shown.
  std::size_t seeds = 1;                      ///< Of which it is the mean (seed_means.h).
  std::optional<double> goodput_half_width;   ///< 95 % interval over the seeds, if several.
};

/// Fails as plan_arrivals() and simulate() do.
[[nodiscard]] Result<RunReport> run_point(const Workload& workload, const RunOptions& options);

/// What a fleet must meet at a rate.
struct GoodputTarget {
  double attainment = 0.90;                          ///< Least share within the TTFT SLO.
  Duration ttft_p99_max = std::chrono::seconds(30);  ///< Else starving a tenth would pay.
};

[[nodiscard]] bool meets(const RunMetrics& metrics, const GoodputTarget& target);

/// The highest rate that meets the target, found by bisection in steps of 0.01 requests/s between
/// 0 and 1.5 times the bound, and the point at that rate. The bound is the rate at which all
/// instances would be busy if every repeated block were a hit:
///
///     (sum of 1 / tau over the instances) / mean uncached tokens with an infinite shared cache
///
/// Bisection assumes that a rate below one that is met is met too. goodput_qps is 0, with the point
/// at the lowest rate, if none is met. `options.arrivals.qps` is not used; details are not given.
/// Fails as run_point().
[[nodiscard]] Result<RunReport> find_goodput(const Workload& workload, RunOptions options,
                                             const GoodputTarget& target);

}  // namespace ringmaster::sim
