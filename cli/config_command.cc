#include "cli/config_command.h"

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/known_names.h"
#include "cli/config_schema.h"
#include "cli/text_file.h"
#include "settings/engine_settings.h"
#include "settings/gateway_settings.h"
#include "settings/key_list.h"

namespace ringmaster {
namespace {

struct ConfigOptions {
  std::string file;
  std::string key;
  bool is_engine = false;
  bool is_markdown = false;
  bool is_json = false;
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

int check(const ConfigOptions& options) {
  const auto text = read_text_file(options.file);
  if (!text) {
    std::fprintf(stderr, "ringmaster: %s\n", text.error().message.c_str());
    return 2;
  }
  return options.is_engine ? report(parse_engine_settings(*text, options.file), options.file)
                           : report(parse_gateway_settings(*text, options.file), options.file);
}

std::vector<KeyDescription> keys_of(const ConfigOptions& options) {
  return options.is_engine ? engine_keys() : gateway_keys();
}

// A key and everything below it; all of them for an empty one.
std::vector<KeyDescription> keys_under(const ConfigOptions& options) {
  std::vector<KeyDescription> chosen;
  for (KeyDescription& key : keys_of(options)) {
    const bool is_asked = key.key.starts_with(options.key);
    const std::string_view rest =
        is_asked ? std::string_view(key.key).substr(options.key.size()) : "";
    if (is_asked && (options.key.empty() || rest.empty() || rest[0] == '.' || rest[0] == '[')) {
      chosen.push_back(std::move(key));
    }
  }
  return chosen;
}

int explain(const ConfigOptions& options) {
  const auto keys = keys_under(options);
  if (keys.empty()) {
    const auto all = keys_of(options);
    std::vector<std::string_view> known;
    for (const KeyDescription& key : all) known.push_back(key.key);
    std::fprintf(stderr, "ringmaster: no key %s%s; ringmaster config explain lists them all\n",
                 options.key.c_str(), hint_at(options.key, known).c_str());
    return 2;
  }
  const std::string text = options.is_json       ? keys_as_json(keys)
                           : options.is_markdown ? keys_as_markdown(keys)
                                                 : keys_as_text(keys);
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace

void add_config_command(CLI::App& app, int& exit_code) {
  auto* config = app.add_subcommand("config", "Check and explain configuration files");
  config->require_subcommand(1);
  auto options = std::make_shared<ConfigOptions>();
  const std::string engine_text = "An engine's file, not a gateway's";

  auto* check_command = config->add_subcommand(
      "check", "Report every problem of a file as file:line:column: yaml.path: problem");
  check_command->add_option("file", options->file, "YAML file, - for standard input")->required();
  check_command->add_flag("--engine", options->is_engine, engine_text);
  check_command->footer("Example:\n  ringmaster config check config/gateway.yaml");
  check_command->callback([options, &exit_code] { exit_code = check(*options); });

  auto* explain_command =
      config->add_subcommand("explain", "Say what a key does, its range and its default");
  explain_command->add_option("key", options->key, "Key or section; left out: all");
  explain_command->add_flag("--engine", options->is_engine, engine_text);
  auto* markdown = explain_command->add_flag("--markdown", options->is_markdown, "As a table");
  explain_command->add_flag("--json", options->is_json, "As a JSON array")->excludes(markdown);
  explain_command->footer(
      "Examples:\n  ringmaster config explain slo\n"
      "  ringmaster config explain scheduler.queue\n"
      "  ringmaster config explain --engine batch");
  explain_command->callback([options, &exit_code] { exit_code = explain(*options); });

  auto* schema_command = config->add_subcommand(
      "schema", "Print the JSON schema of a file, for editors and other tools");
  schema_command->add_flag("--engine", options->is_engine, engine_text);
  schema_command->footer("Example:\n  ringmaster config schema > gateway.schema.json");
  schema_command->callback([options, &exit_code] {
    std::fputs(keys_as_schema(keys_of(*options)).c_str(), stdout);
    exit_code = 0;
  });
}

}  // namespace ringmaster
