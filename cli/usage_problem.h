#pragma once

#include <string>

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace ringmaster {

/// What to say of a command line that was refused, one line: the problem, for an unknown command or
/// option the name that was perhaps meant, and whose --help tells more. `app` is the whole program
/// as it was parsed, `error` what the parser threw.
[[nodiscard]] std::string usage_problem(const CLI::App& app, const CLI::Error& error);

}  // namespace ringmaster
