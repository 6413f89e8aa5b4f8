#pragma once

namespace CLI {
class App;
}

namespace ringmaster {

/// `ringmaster trace requests`: a trace as requests that can be sent to a live server.
void add_trace_requests(CLI::App& trace, int& exit_code);

}  // namespace ringmaster
