#pragma once

#include <string>

namespace CLI {
class App;
}

namespace ringmaster {

/// The options of a parsed command as a line that a shell takes: "ringmaster sim --qps 4,6". Lists
/// are joined by commas; what was left to its default is not there. Requires: `command` was parsed.
[[nodiscard]] std::string command_text(const CLI::App& command);

}  // namespace ringmaster
