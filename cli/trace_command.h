#pragma once

namespace CLI {
class App;
}

namespace ringmaster {

/// Adds `ringmaster trace stats` and `ringmaster trace convert`.
void add_trace_command(CLI::App& app, int& exit_code);

}  // namespace ringmaster
