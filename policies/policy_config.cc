#include "policies/policy_config.h"

#include <algorithm>

namespace ringmaster {

Result<PolicyConfig> parse_policy_config(std::string_view text, std::string_view kind) {
  const std::size_t colon = text.find(':');
  PolicyConfig config{.name = std::string(text.substr(0, colon)), .options = {}};
  if (config.name.empty()) {
    return invalid(std::string(kind) + " '" + std::string(text) +
                   "': expected name[:key=value,...]");
  }
  if (colon == std::string_view::npos) return config;
  for (std::string_view rest = text.substr(colon + 1);;) {
    const std::size_t comma = rest.find(',');
    const std::string_view option = rest.substr(0, comma);
    const std::size_t equals = option.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return invalid(std::string(kind) + " '" + config.name + "': option '" + std::string(option) +
                     "': expected key=value");
    }
    std::string key(option.substr(0, equals));
    const auto is_same = [&](const auto& other) { return other.first == key; };
    if (std::ranges::any_of(config.options, is_same)) {
      return invalid(std::string(kind) + " '" + config.name + "': option '" + key +
                     "' is given twice");
    }
    config.options.emplace_back(std::move(key), option.substr(equals + 1));
    if (comma == std::string_view::npos) return config;
    rest.remove_prefix(comma + 1);
  }
}

std::string policy_text(const PolicyConfig& policy) {
  std::string text = policy.name;
  char separator = ':';
  for (const auto& [key, value] : policy.options) {
    text += separator + key + "=" + value;
    separator = ',';
  }
  return text;
}

}  // namespace ringmaster
