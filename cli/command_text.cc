#include "cli/command_text.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include <CLI/CLI.hpp>

namespace ringmaster {
namespace {

bool is_plain(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("-_./,:=@%+").find(c) != std::string_view::npos;
}

std::string shell_word(const std::string& word) {
  if (!word.empty() && std::ranges::all_of(word, is_plain)) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string(R"('\'')") : std::string(1, c);
  return text + "'";
}

std::string path_of(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? "ringmaster" : path_of(*parent) + " " + command.get_name();
}

}  // namespace

std::string command_text(const CLI::App& command) {
  std::string text = path_of(command);
  for (const CLI::Option* option : command.get_options()) {
    if (option->count() == 0) continue;
    text += " " + option->get_name();
    if (option->get_items_expected_max() == 0) continue;  // A flag.
    std::string values;
    for (const std::string& value : option->results()) {
      values += (values.empty() ? "" : ",") + value;
    }
    text += " " + shell_word(values);
  }
  return text;
}

}  // namespace ringmaster
