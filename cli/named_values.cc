#include "cli/named_values.h"

#include <algorithm>

#include "base/known_names.h"
#include "base/number_text.h"
#include "settings/quantities.h"

namespace ringmaster {

const std::string* NamedValues::find(std::string_view key) {
  known_.push_back(key);
  for (const auto& [name, value] : config_.options) {
    if (name == key) return &value;
  }
  return nullptr;
}

void NamedValues::refuse(std::string_view key, std::string_view value,
                         const std::string& expected) {
  if (!problem_.empty()) return;
  problem_ = std::string(key) + ": expected " + expected + ", found \"" + std::string(value) + '"';
}

double NamedValues::number(std::string_view key, double fallback, double min, double max) {
  const std::string* const text = find(key);
  if (text == nullptr) return fallback;
  const auto value = parse_number(*text);
  if (value && *value >= min && *value <= max) return *value;
  refuse(key, *text, "a number from " + format_number(min) + " to " + format_number(max));
  return fallback;
}

std::int64_t NamedValues::whole(std::string_view key, std::int64_t fallback, std::int64_t min,
                                std::int64_t max) {
  const std::string* const text = find(key);
  if (text == nullptr) return fallback;
  const auto value = parse_integer(*text);
  if (value && *value >= min && *value <= max) return *value;
  refuse(key, *text, "a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  return fallback;
}

Duration NamedValues::duration(std::string_view key, Duration fallback) {
  const std::string* const text = find(key);
  if (text == nullptr) return fallback;
  if (const auto value = parse_duration(*text)) return *value;
  refuse(key, *text, "a duration such as 5s or 500ms");
  return fallback;
}

Status NamedValues::finish() const {
  const std::string where = std::string(flag_) + ": " + config_.name + ": ";
  if (!problem_.empty()) return invalid(where + problem_);
  for (const auto& [name, value] : config_.options) {
    if (std::ranges::find(known_, name) != known_.end()) continue;
    return invalid(where + "option: " + expected_one_of(known_, name));
  }
  return {};
}

}  // namespace ringmaster
