#pragma once

#include <cstdint>

#include "cli/sim_sweep.h"

namespace ringmaster {

/// `ringmaster sim explain`: replays one point and prints what one request's decisions were based
/// on and what came of them, as text or (--json FILE) as JSON, one object a line. Returns the exit
/// code. `request` counts from 1, warm-up included, as in recordings.
[[nodiscard]] int run_sim_explain(const SimFlags& flags, std::uint64_t request);

}  // namespace ringmaster
