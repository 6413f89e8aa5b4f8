#pragma once

namespace CLI {
class App;
}

namespace ringmaster {

/// Adds `compare` to `ringmaster sim`; it sets `exit_code` when it is run.
void add_sim_compare(CLI::App& sim, int& exit_code);

}  // namespace ringmaster
