#pragma once

namespace CLI {
class App;
}

namespace ringmaster {

/// Adds `ringmaster sim` with its subcommands `goodput` and `replay`.
void add_sim_command(CLI::App& app, int& exit_code);

}  // namespace ringmaster
