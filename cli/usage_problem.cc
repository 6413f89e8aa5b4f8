#include "cli/usage_problem.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/known_names.h"
#include "base/number_text.h"
#include "settings/quantities.h"

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

std::string joined(const std::vector<std::string>& names) {
  return join_names(std::vector<std::string_view>(names.begin(), names.end()));
}

std::string shortest(std::string_view number) {
  const auto value = parse_number(number);
  return value ? format_number(*value) : std::string(number);
}

/// "Value V not in range A to B", "V not in {A,B}": what is expected comes first with us.
std::string expectation(std::string_view problem) {
  constexpr std::string_view kValue = "Value ";
  constexpr std::string_view kRange = " not in range ";
  constexpr std::string_view kTo = " to ";
  constexpr std::string_view kMember = " not in {";
  if (const auto range = problem.find(kRange);
      problem.starts_with(kValue) && range != std::string_view::npos) {
    const auto bounds = problem.substr(range + kRange.size());
    const auto to = bounds.find(kTo);
    return "expected a number from " + shortest(bounds.substr(0, to)) + " to " +
           shortest(bounds.substr(to + kTo.size())) + ", found \"" +
           std::string(problem.substr(kValue.size(), range - kValue.size())) + '"';
  }
  if (const auto member = problem.find(kMember);
      member != std::string_view::npos && problem.ends_with('}')) {
    std::vector<std::string_view> known;
    auto names = problem.substr(member + kMember.size());
    names.remove_suffix(1);
    for (auto comma = names.find(','); comma != std::string_view::npos; comma = names.find(',')) {
      known.push_back(names.substr(0, comma));
      names.remove_prefix(comma + 1);
    }
    known.push_back(names);
    return expected_one_of(known, problem.substr(0, member));
  }
  return std::string(problem);
}

/// What the parser says of a value, as our own errors are worded. Digits that are no number have
/// been refused before (cli/number_flags.h), so what cannot be converted is too large.
std::string in_our_words(const std::string& text) {
  constexpr std::string_view kConversion = "Could not convert: ";
  constexpr std::string_view kEquals = " = ";
  const std::string_view whole(text);
  if (const auto equals = whole.find(kEquals);
      whole.starts_with(kConversion) && equals != std::string_view::npos) {
    return text.substr(kConversion.size(), equals - kConversion.size()) +
           ": expected a number that is not as large, found \"" +
           text.substr(equals + kEquals.size()) + '"';
  }
  const auto colon = whole.find(": ");
  if (!whole.starts_with("--") || colon == std::string_view::npos) return text;
  return text.substr(0, colon + 2) + expectation(whole.substr(colon + 2));
}

}  // namespace

std::string usage_problem(const CLI::App& app, const CLI::Error& error) {
  const auto [command, path] = reached(app);
  const std::string name = first_unknown(app);
  std::string problem = in_our_words(error.what());
  if (command->get_require_subcommand_min() > 0 && command->get_subcommands().empty() &&
      name.empty()) {
    problem = "expected a command: " + joined(commands_of(*command));
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
