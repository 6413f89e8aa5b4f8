#pragma once

#include <string>
#include <vector>

namespace ringmaster {

/// Everything wrong with one file, so that it can be mended in one pass: one line each,
/// "<file>:<line>:<column>: <yaml.path>: <problem>", line and column from 1.
using SettingsProblems = std::vector<std::string>;

}  // namespace ringmaster
