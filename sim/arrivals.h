#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "sim/workload.h"

namespace ringmaster::sim {

/// Whose gaps there are between arrivals.
enum class Rhythm : std::uint8_t {
  kTrace,    ///< The trace's.
  kPoisson,  ///< Exponential ones; the requests keep their order.
};

/// How the requests of a workload are laid out in time.
///
/// The first `warmup_requests` fill the caches and are not counted. All gaps after them are scaled
/// by one factor, so that bursts keep their shape and the mean rate is exact under any seed.
struct ArrivalOptions {
  double qps = 0;  ///< Mean arrival rate of the counted requests, requests/s.
  std::size_t warmup_requests = 0;
  /// Of the warm-up requests, which then come evenly; 0: they come in the trace's rhythm, at the
  /// same scale as the others.
  double warmup_qps = 0;
  Rhythm rhythm = Rhythm::kTrace;
  /// Of kTrace: each gap is multiplied by a gamma-distributed number with mean 1 and this
  /// coefficient of variation: 0 (by 1), or in [0.01, 10].
  double jitter_cv = 0;
  std::uint64_t seed = 0;  ///< Of gaps drawn at random.
};

/// "trace", "trace, jitter 0.3" or "poisson": what tells runs of one trace and rate apart.
[[nodiscard]] std::string name_of_rhythm(const ArrivalOptions& options);

/// Timestamps in seconds, equal ones spread evenly over the gap to the next (the last ones over the
/// gap before theirs). Requires: sorted.
[[nodiscard]] std::vector<double> spread_equal_timestamps(std::span<const Duration> timestamps);

/// Arrival of each request, since the start of the simulation.
///
/// Records with equal timestamps are first spread evenly over the gap to the next timestamp (the
/// last ones over the gap before theirs), then the rhythm is applied. The factor is such that the
/// span from the arrival before the first counted one to the last one is (counted requests) / qps.
///
/// Fails with kInvalidArgument: a rate out of (0, 1e6], a jitter out of range, no request left to
/// count, or counted requests that are not spread over any time.
[[nodiscard]] Result<std::vector<Duration>> plan_arrivals(std::span<const WorkloadRequest> requests,
                                                          const ArrivalOptions& options);

/// The mean rate at which the counted requests come in the trace itself, requests/s: a plan with
/// it scales no gap. Fails with kInvalidArgument as plan_arrivals() does for their timestamps.
[[nodiscard]] Result<double> own_rate(std::span<const WorkloadRequest> requests,
                                      std::size_t warmup_requests);

}  // namespace ringmaster::sim
