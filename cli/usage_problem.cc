#include "cli/usage_problem.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/known_names.h"

namespace ringmaster {
namespace {

/// The command that the line had come to, with those above it: "ringmaster sim plan".
struct Reached {
  const CLI::App* command;
  std::string path;
};

Reached reached(const CLI::App& app) {
  Reached at{&app, app.get_name()};
  while (!at.command->get_subcommands().empty()) {
    at.command = at.command->get_subcommands().back();
    at.path += " " + at.command->get_name();
  }
  return at;
}

std::vector<std::string> options_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<std::string> commands_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* below : command.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(below->get_name());
  }
  return names;
}

std::string unknown(std::string_view what, const std::string& name,
                    const std::vector<std::string>& known) {
  const std::vector<std::string_view> names(known.begin(), known.end());
  return "unknown " + std::string(what) + " \"" + name + '"' + hint_at(name, names);
}

/// What the parser took for nothing that it knows; empty if there is no such thing.
std::string first_unknown(const CLI::App& app) {
  const std::vector<std::string> rest = app.remaining(true);
  const auto is_option = [](const std::string& word) { return word.starts_with('-'); };
  const auto option = std::ranges::find_if(rest, is_option);
  if (option != rest.end()) return option->substr(0, option->find('='));
  return rest.empty() ? std::string() : rest.front();
}

}  // namespace

std::string usage_problem(const CLI::App& app, const CLI::Error& error) {
  const auto [command, path] = reached(app);
  const std::string name = first_unknown(app);
  std::string problem = error.what();
  if (error.get_name() == "ConversionError") {
    problem += ": expected a value of the kind and range that --help shows";
  } else if (name.starts_with('-')) {
    problem = unknown("option", name, options_of(*command));
  } else if (!name.empty()) {
    const std::vector<std::string> commands = commands_of(*command);
    problem = commands.empty() ? "expected nothing more, found \"" + name + '"'
                               : unknown("command", name, commands);
  }
  return path + ": " + problem + "; see " + path + " --help\n";
}

}  // namespace ringmaster
