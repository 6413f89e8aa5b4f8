#pragma once

namespace CLI {
class App;
}

namespace ringmaster {

/// `ringmaster serve`: the gateway, until SIGTERM or Ctrl-C.
void add_serve_command(CLI::App& app, int& exit_code);

}  // namespace ringmaster
