#pragma once

namespace CLI {
class App;
}

namespace ringmaster {

/// Adds `plan` to `ringmaster sim`; it sets `exit_code` when it is run.
void add_sim_plan(CLI::App& sim, int& exit_code);

}  // namespace ringmaster
