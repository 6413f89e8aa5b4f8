#pragma once

namespace CLI {
class App;
}

namespace ringmaster {

/// `ringmaster engine`: serves one model by the OpenAI API.
void add_engine_command(CLI::App& app, int& exit_code);

}  // namespace ringmaster
