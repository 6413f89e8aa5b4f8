#pragma once

namespace CLI {
class App;
}

namespace ringmaster {

/// Has every option of `app`, and of the commands below it, that takes numbers refuse what is none
/// in one line that says what was expected. Without it the parser takes -1 for 2^64 - 1, 010 for
/// eight, and nan for a number. Which options these are is told by the name of their type, so it is
/// called once all of them are there.
void check_numbers(CLI::App& app);

}  // namespace ringmaster
