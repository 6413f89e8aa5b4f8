#pragma once

#include <functional>
#include <vector>

#include "base/result.h"
#include "cli/sim_sweep.h"
#include "sim/run.h"

namespace ringmaster {

/// Simulates one point. Called from several threads at once.
using RunPoint = std::function<Result<sim::RunReport>(const SimSweep::Point&)>;

/// The reports of all points, in their order: `--jobs` at a time, with a line of progress. With
/// `--resume`, points that its file has are not simulated, and the others are kept there as they
/// end. Fails as the first point does that fails, or as FinishedPoints.
[[nodiscard]] Result<std::vector<sim::RunReport>> run_sweep(const SimFlags& flags,
                                                            const SimSweep& sweep,
                                                            const RunPoint& run);

/// Writes JSON where it was asked for, and prints the table unless JSON went to standard output.
/// Fails as write_text().
[[nodiscard]] Status print_reports(const SimFlags& flags,
                                   const std::vector<sim::RunReport>& reports);

}  // namespace ringmaster
