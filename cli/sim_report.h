#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/sim_flags.h"
#include "cli/sim_sweep.h"
#include "sim/run.h"

namespace ringmaster {

/// Whether `--report` can be made of the sweep. Fails with kInvalidArgument: too many runs,
/// points kept by --resume, or two traces whose files have the same name.
[[nodiscard]] Status check_report(const SimFlags& flags, const SimSweep& sweep);

/// The runs that a report adds to a search for goodput: every policy of a trace, in detail, at the
/// rates at which they are compared. None of a trace on which no policy meets the target.
[[nodiscard]] SimSweep plan_comparison(const SimSweep& searched,
                                       std::span<const sim::RunReport> searches);

/// Writes the page. `searches` may be empty. Fails as write_text().
[[nodiscard]] Status write_report(const SimFlags& flags, const sim::GoodputTarget& target,
                                  std::span<const sim::RunReport> searches,
                                  std::span<const sim::RunReport> points);

}  // namespace ringmaster
