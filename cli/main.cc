#include <csignal>
#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>

#include "cli/config_command.h"
#include "cli/engine_command.h"
#include "cli/model_command.h"
#include "cli/number_flags.h"
#include "cli/profile_command.h"
#include "cli/serve_command.h"
#include "cli/sim_command.h"
#include "cli/trace_command.h"
#include "cli/up_command.h"
#include "cli/usage_problem.h"

namespace {

void add_version(CLI::App& app) {
  constexpr const char* kVersion = "ringmaster " RINGMASTER_VERSION;
  app.set_version_flag("--version", kVersion);
  app.add_subcommand("version", "Print the version")->callback([] { std::puts(kVersion); });
}

int run(int argc, char** argv) {
  CLI::App app{"Routes and schedules requests for fleets of LLM engines", "ringmaster"};
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Print the help of every command");
  app.failure_message([](const CLI::App* parsed, const CLI::Error& error) {
    return ringmaster::usage_problem(*parsed, error);
  });
  app.footer(
      "Exit codes: 0 ok, 1 failure, 2 usage or configuration.\n"
      "Each command has its own --help with examples.");
  int exit_code = 0;
  // One line per command, in the order in which --help shows them.
  ringmaster::add_up_command(app, exit_code);
  ringmaster::add_serve_command(app, exit_code);
  ringmaster::add_engine_command(app, exit_code);
  ringmaster::add_config_command(app, exit_code);
  ringmaster::add_model_command(app, exit_code);
  ringmaster::add_profile_command(app, exit_code);
  ringmaster::add_sim_command(app, exit_code);
  ringmaster::add_trace_command(app, exit_code);
  add_version(app);
  ringmaster::check_numbers(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  // A client that closes its connection is an error value of the write, not a signal.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ringmaster: %s\n", error.what());
    return 1;
  }
}
