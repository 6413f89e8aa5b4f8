#pragma once

namespace CLI {
class App;
}

namespace ringmaster {

/// `ringmaster config check|explain|schema`: the configuration files, without starting anything.
void add_config_command(CLI::App& app, int& exit_code);

}  // namespace ringmaster
