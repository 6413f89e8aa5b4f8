#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "policies/policy_config.h"
#include "policies/routing_policy.h"

namespace ringmaster {

/// Makes the policy of that name. `seed` feeds its random choices.
///
/// Fails with kInvalidArgument on an unknown policy (the known ones and the nearest name are
/// listed), an unknown option, or a value out of its range.
[[nodiscard]] Result<std::unique_ptr<RoutingPolicy>> make_policy(const PolicyConfig& config,
                                                                 std::uint64_t seed);

/// The names that make_policy() knows, in the order in which they are documented.
[[nodiscard]] std::span<const std::string_view> policy_names();

}  // namespace ringmaster
