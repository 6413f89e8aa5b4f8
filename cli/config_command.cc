#include "cli/config_command.h"

#include <cstdio>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/text_file.h"
#include "settings/engine_settings.h"
#include "settings/gateway_settings.h"

namespace ringmaster {
namespace {

struct CheckOptions {
  std::string file;
  bool is_engine = false;
};

template <class Parsed>
int report(const Parsed& parsed, const std::string& file) {
  if (parsed) {
    std::printf("%s: ok\n", file.c_str());
    return 0;
  }
  for (const std::string& problem : parsed.error()) std::fprintf(stderr, "%s\n", problem.c_str());
  return 2;
}

int check(const CheckOptions& options) {
  const auto text = read_text_file(options.file);
  if (!text) {
    std::fprintf(stderr, "ringmaster: %s\n", text.error().message.c_str());
    return 2;
  }
  return options.is_engine ? report(parse_engine_settings(*text, options.file), options.file)
                           : report(parse_gateway_settings(*text, options.file), options.file);
}

}  // namespace

void add_config_command(CLI::App& app, int& exit_code) {
  auto* config = app.add_subcommand("config", "Check and explain configuration files");
  config->require_subcommand(1);

  auto options = std::make_shared<CheckOptions>();
  auto* check_command = config->add_subcommand(
      "check", "Report every problem of a file as file:line:column: yaml.path: problem");
  check_command->add_option("file", options->file, "YAML file, - for standard input")->required();
  check_command->add_flag("--engine", options->is_engine, "The file is an engine's, not a gateway's");
  check_command->footer("Example:\n  ringmaster config check config/gateway.yaml");
  check_command->callback([options, &exit_code] { exit_code = check(*options); });
}

}  // namespace ringmaster
