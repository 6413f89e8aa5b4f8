#include "policies/option_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/known_names.h"

namespace ringmaster {
namespace {

std::string text_of(double number) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  return {buffer, end};
}

template <class Number>
bool parse_whole(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

const std::string* OptionReader::find(std::string_view key) {
  known_.push_back(key);
  const auto found =
      std::ranges::find(config_.options, key, &std::pair<std::string, std::string>::first);
  return found == config_.options.end() ? nullptr : &found->second;
}

void OptionReader::refuse(std::string_view key, std::string_view value,
                          const std::string& expected) {
  problems_.push_back(std::string(key) + "='" + std::string(value) + "': expected " + expected);
}

std::size_t OptionReader::choice(std::string_view key, std::span<const std::string_view> choices) {
  const std::string* value = find(key);
  if (value == nullptr) return 0;
  const auto found = std::ranges::find(choices, *value);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  refuse(key, *value, "one of " + join_names(choices));
  return 0;
}

bool OptionReader::flag(std::string_view key, bool fallback) {
  const std::string* value = find(key);
  if (value == nullptr) return fallback;
  if (*value == "on" || *value == "true") return true;
  if (*value == "off" || *value == "false") return false;
  refuse(key, *value, "on or off");
  return fallback;
}

double OptionReader::number(std::string_view key, double fallback, double min, double max) {
  const std::string* value = find(key);
  if (value == nullptr) return fallback;
  double parsed = 0.0;
  if (parse_whole(*value, parsed) && parsed >= min && parsed <= max) return parsed;
  refuse(key, *value, "a number in [" + text_of(min) + ", " + text_of(max) + "]");
  return fallback;
}

std::uint32_t OptionReader::count(std::string_view key, std::uint32_t fallback, std::uint32_t min,
                                  std::uint32_t max) {
  const std::string* value = find(key);
  if (value == nullptr) return fallback;
  std::uint32_t parsed = 0;
  if (parse_whole(*value, parsed) && parsed >= min && parsed <= max) return parsed;
  refuse(key, *value,
         "a whole number in [" + std::to_string(min) + ", " + std::to_string(max) + "]");
  return fallback;
}

Status OptionReader::finish() const {
  std::vector<std::string> problems = problems_;
  for (const auto& [key, value] : config_.options) {
    if (std::ranges::count(known_, key) > 0) continue;
    std::string problem = "unknown option '" + key + "'" + hint_at(key, known_);
    problem += known_.empty() ? "; it takes none" : "; known: " + join_names(known_);
    problems.push_back(std::move(problem));
  }
  if (problems.empty()) return {};
  std::string message = std::string(kind_) + " " + config_.name + ": ";
  for (std::size_t i = 0; i < problems.size(); ++i) {
    message += (i == 0 ? "" : "; ") + problems[i];
  }
  return invalid(std::move(message));
}

}  // namespace ringmaster
