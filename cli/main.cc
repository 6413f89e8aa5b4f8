#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/config_command.h"
#include "cli/engine_command.h"
#include "cli/model_command.h"
#include "cli/profile_command.h"
#include "cli/serve_command.h"
#include "cli/sim_command.h"
#include "cli/trace_command.h"
#include "cli/up_command.h"

namespace {

void add_version_command(CLI::App& app) {
  app.add_subcommand("version", "Print the version")->callback([] {
    std::printf("ringmaster %s\n", RINGMASTER_VERSION);
  });
}

/// One line that says what was expected, where the parser's own words leave it open.
std::string usage_problem(const CLI::App* app, const CLI::Error& error) {
  std::string problem = error.what();
  const auto unknown = app->remaining();
  if (error.get_name() == "RequiredError" && !unknown.empty()) {
    problem = "unknown command \"" + unknown.front() + '"';
  } else if (error.get_name() == "ConversionError") {
    problem += ": expected a value of the kind and range that --help shows";
  }
  return "ringmaster: " + problem + "\nRun with --help or --help-all for more information.\n";
}

int run(int argc, char** argv) {
  CLI::App app{"Routes and schedules requests for fleets of LLM engines", "ringmaster"};
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Print the help of every command");
  app.failure_message(usage_problem);
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
  add_version_command(app);
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
