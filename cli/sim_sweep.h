#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "cli/sim_flags.h"
#include "sim/run.h"
#include "sim/workload.h"

namespace ringmaster {

/// Every run of a command line. The workloads are shared by the points of their trace.
struct SimSweep {
  struct Point {
    std::shared_ptr<const sim::Workload> workload;
    sim::RunOptions options;
  };
  std::vector<Point> points;  ///< By trace, then policy, then rate, then seed.
};

/// Reads the traces and lays out the points: one per trace, policy, rate and seed, or one per
/// trace, policy and seed if there are no rates (a goodput search). Fails with kInvalidArgument or
/// kNotFound.
[[nodiscard]] Result<SimSweep> plan_sweep(const SimFlags& flags);

/// What the fleet must meet. Fails with kInvalidArgument.
[[nodiscard]] Result<sim::GoodputTarget> read_target(const SimFlags& flags);

}  // namespace ringmaster
