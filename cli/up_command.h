#pragma once

namespace CLI {
class App;
}

namespace ringmaster {

/// `ringmaster up`: a gateway and N bundled engines on this machine, by one command.
void add_up_command(CLI::App& app, int& exit_code);

}  // namespace ringmaster
