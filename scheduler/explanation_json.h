#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "scheduler/explanation.h"

namespace ringmaster {

/// How decisions and instances are named in what is printed of them.
struct DecisionLabels {
  std::string_view model;
  std::uint32_t fleet = 1;  ///< A decision is "<fleet>-<id>", as in x-ringmaster-decision.
  std::function<std::string(InstanceId)> name_of;
};

/// A decision as the log has it.
void write_decision(JsonWriter& json, const DecisionRecord& record, const DecisionLabels& labels);

/// The same keys and all the others; docs/operations.md names them. Ages
/// are seconds before the decision, times of what came after it seconds behind it.
void write_explanation(JsonWriter& json, const Explanation& explanation,
                       const DecisionLabels& labels);

}  // namespace ringmaster
