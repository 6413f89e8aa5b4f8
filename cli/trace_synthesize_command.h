#pragma once

namespace CLI {
class App;
}

namespace ringmaster {

/// Adds `synthesize` to `ringmaster trace`; it sets `exit_code` when it is run.
void add_trace_synthesize(CLI::App& trace, int& exit_code);

}  // namespace ringmaster
