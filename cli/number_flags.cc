#include "cli/number_flags.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "settings/quantities.h"

namespace ringmaster {
namespace {

std::string expected(std::string_view what, const std::string& text) {
  return "expected " + std::string(what) + ", found \"" + text + '"';
}

template <class Number>
bool is_whole(std::string_view text) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end && (text.size() == 1 || !text.starts_with('0'));
}

// A validator returns what is wrong, nothing if the text will do.
std::string check_count(std::string& text) {
  return is_whole<std::uint64_t>(text) ? "" : expected("a whole number from 0", text);
}
std::string check_integer(std::string& text) {
  return is_whole<std::int64_t>(text) ? "" : expected("a whole number", text);
}
std::string check_number(std::string& text) {
  return parse_number(text) ? "" : expected("a number", text);
}

struct Kind {
  std::string_view type;
  std::string (*check)(std::string&);
};
// The parser's own names, and those that flags with several values have.
constexpr std::array kKinds = {Kind{"UINT", check_count}, Kind{"INT", check_integer},
                               Kind{"FLOAT", check_number}, Kind{"SEED", check_count},
                               Kind{"RATE", check_number}};

void check_number_of(CLI::Option& option) {
  const std::string type = option.get_type_name();
  if (type.find(":SIZE") != std::string::npos) return;  // With a unit, which its own check reads.
  for (const Kind& kind : kKinds) {
    if (!type.starts_with(kind.type)) continue;
    // Before the checks of ranges, which would say less of a text that is no number.
    option.transform(CLI::Validator(kind.check, ""));
    return;
  }
}

}  // namespace

void check_numbers(CLI::App& app) {
  for (CLI::Option* const option : app.get_options()) check_number_of(*option);
  for (CLI::App* const below : app.get_subcommands([](CLI::App*) { return true; })) {
    check_numbers(*below);
  }
}

}  // namespace ringmaster
