#pragma once

#include <vector>

#include "router/metrics.h"
#include "router/scheduler_strand.h"

namespace ringmaster {

/// The present figures of every fleet. Strand only.
[[nodiscard]] std::vector<FleetFigures> fleet_figures(const SchedulerStrand& strand);

}  // namespace ringmaster
