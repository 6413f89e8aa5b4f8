#pragma once

namespace CLI {
class App;
}

namespace ringmaster {

/// `ringmaster profile`: what the simulator and `--device sim` know of models and devices.
void add_profile_command(CLI::App& app, int& exit_code);

}  // namespace ringmaster
