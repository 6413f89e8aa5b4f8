#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "sim/workload.h"

namespace ringmaster::sim {

/// How the requests of a workload are laid out in time.
///
/// The first `warmup_requests` fill the caches and are not counted. All gaps after them are the
/// trace's, scaled by one factor, so that bursts keep their shape.
struct ArrivalOptions {
  double qps = 0;  ///< Mean arrival rate of the counted requests, requests/s.
  std::size_t warmup_requests = 0;
  /// Of the warm-up requests, which then come evenly; 0: they come in the trace's rhythm, at the
  /// same scale as the others.
  double warmup_qps = 0;
};

/// Arrival of each request, since the start of the simulation.
///
/// Records with equal timestamps are first spread evenly over the gap to the next timestamp (the
/// last ones over the gap before theirs). The factor is such that the span from the arrival before
/// the first counted one to the last one is (counted requests) / qps.
///
/// Fails with kInvalidArgument: a rate out of (0, 1e6], no request left to count, or counted
/// requests that are not spread over any time.
[[nodiscard]] Result<std::vector<Duration>> plan_arrivals(std::span<const WorkloadRequest> requests,
                                                          const ArrivalOptions& options);

}  // namespace ringmaster::sim
