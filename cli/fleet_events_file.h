#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "sim/fleet_change.h"

namespace ringmaster {

/// Reads what happens to a simulated fleet from YAML (docs/simulation.md has the keys).
///
/// Fails with kInvalidArgument and every problem on a line of its own,
/// "<file>:<line>:<column>: <yaml.path>: <problem>".
[[nodiscard]] Result<sim::FleetChanges> parse_fleet_events(std::string_view text,
                                                           std::string_view file);

/// The same of a file. Fails as read_text_file() and parse_fleet_events() do.
[[nodiscard]] Result<sim::FleetChanges> load_fleet_events(const std::string& path);

}  // namespace ringmaster
