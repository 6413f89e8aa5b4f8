#pragma once

#include <vector>

#include "settings/visitor.h"

namespace ringmaster {

/// Every key of a gateway's file with its full path ("slo.ttft", "instances[].url"), sections
/// before their keys, in the order of the documentation.
[[nodiscard]] std::vector<KeyDescription> gateway_keys();

/// The same for an engine's file.
[[nodiscard]] std::vector<KeyDescription> engine_keys();

}  // namespace ringmaster
