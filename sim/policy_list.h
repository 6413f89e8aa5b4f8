#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ringmaster::sim {

/// Splits "dualmap:variant=code,rebalance=off,min_ttft" into the texts of its policies, here
/// "dualmap:variant=code,rebalance=off" and "min_ttft".
///
/// Commas stand between policies and between the options of one: an item with '=' but no ':'
/// continues the options of the policy before it. A first option so given gets its ':'.
/// Fails with kInvalidArgument on an empty item or an option before any policy.
[[nodiscard]] Result<std::vector<std::string>> split_policy_list(std::string_view text);

}  // namespace ringmaster::sim
