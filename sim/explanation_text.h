#pragma once

#include <string>

#include "scheduler/explanation_json.h"

namespace ringmaster::sim {

/// An explanation for people, on several lines: the same as write_explanation() writes.
[[nodiscard]] std::string explanation_text(const Explanation& explanation,
                                           const DecisionLabels& labels);

}  // namespace ringmaster::sim
