#pragma once

#include <span>
#include <vector>

#include "sim/run.h"

namespace ringmaster::sim {

/// Reports that differ in nothing but the seed as one each, in the order of their first seeds:
/// points of one trace, policy and rate, or searches of one trace and policy.
///
/// Numbers are means over the seeds, counts rounded; one that is absent for a seed is absent.
/// Options, classes, details and shadow are those of the first seed; `seeds` says how many there
/// were, `goodput` gives the interval of a search's result. A report that is alone is as it was.
[[nodiscard]] std::vector<RunReport> mean_over_seeds(std::span<const RunReport> reports);

}  // namespace ringmaster::sim
