#pragma once

#include "engine/step_input.h"
#include "engine/step_scheduler.h"

namespace ringmaster::engine {

/// Writes what a plan computes over `input`: tokens, positions, block tables and the rows that
/// sample, in the order of the plan. The copies between device and host are left as they are.
///
/// `is_ahead`: the step before it is in flight, and what a sequence computes is the token that it
/// samples there. Allocates only where no step before was as large. O(tokens + blocks).
/// Requires: no sequence of the plan has ended.
void write_step(const StepPlan& plan, bool is_ahead, StepInput& input);

}  // namespace ringmaster::engine
