#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ringmaster {

/// What routes where nothing else is said.
inline constexpr std::string_view kDefaultPolicy = "ringmaster";

/// A policy (filter, veto, admission) by name with its options as text, before they are checked.
///
/// Written `name:key=value,key=value` on a command line; a mapping in YAML.
struct PolicyConfig {
  std::string name{kDefaultPolicy};
  std::vector<std::pair<std::string, std::string>> options;
};

/// Splits "dualmap:variant=code,rebalance=off". Fails with kInvalidArgument on an empty name, an
/// option without '=', or one given twice; names and values are checked by make_policy(). `kind`:
/// what it is, for messages.
[[nodiscard]] Result<PolicyConfig> parse_policy_config(std::string_view text,
                                                       std::string_view kind = "policy");

/// The same text again: the name, then its options if it has any.
[[nodiscard]] std::string policy_text(const PolicyConfig& policy);

}  // namespace ringmaster
