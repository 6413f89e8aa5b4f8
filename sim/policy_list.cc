#include "sim/policy_list.h"

#include <algorithm>

namespace ringmaster::sim {

Result<std::vector<std::string>> split_policy_list(std::string_view text) {
  std::vector<std::string> policies;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view item = text.substr(begin, end - begin);
    begin = end + 1;
    if (item.empty()) {
      return invalid("policies: expected a name or option between commas in \"" +
                     std::string(text) + "\"");
    }
    const std::size_t equals = item.find('=');
    const bool is_option = equals < item.size() && item.find(':') > equals;
    if (!is_option) {
      policies.emplace_back(item);
      continue;
    }
    if (policies.empty()) {
      return invalid("policies: expected a name before the option \"" + std::string(item) + "\"");
    }
    std::string& policy = policies.back();
    policy += policy.find(':') == std::string::npos ? ':' : ',';
    policy += item;
  }
  return policies;
}

}  // namespace ringmaster::sim
