#pragma once

namespace CLI {
class App;
}

namespace ringmaster {

/// `ringmaster model make-tiny|inspect`: make a small model, look into a model folder.
void add_model_command(CLI::App& app, int& exit_code);

}  // namespace ringmaster
