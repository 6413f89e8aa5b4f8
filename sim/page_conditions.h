#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "scheduler/scheduler.h"
#include "sim/run.h"

namespace ringmaster::sim {

/// Under which conditions the runs of a page were made, in words.
struct PageConditions {
  std::vector<std::pair<std::string, std::string>> rows;  ///< Name and value, as shown.
  std::vector<std::string> assumptions;  ///< What was taken for granted and not measured.
};

/// What the runs of a page have in common, read off one of them.
[[nodiscard]] PageConditions conditions_of(const RunOptions& options);

/// Members "queue", "rebalancing" and "window" (0: never hold): what is in force, the policy's
/// published form where the options say nothing. Requires: a Scheduler can be made of the options.
void write_policy_form(JsonWriter& json, const SchedulerOptions& options);

}  // namespace ringmaster::sim
