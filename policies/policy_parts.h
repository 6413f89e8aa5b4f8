#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "policies/published_form.h"

namespace ringmaster {

/// A part of a policy that can be switched off, to see what it is worth. Either an option of the
/// policy does it, or one of the form in which the policy was published.
struct PolicyPart {
  std::string_view name;
  std::string_view what;    ///< What it does, for tables: a phrase without a full stop.
  std::string_view option;  ///< Of the policy; empty: one of the fields below.
  std::string_view off;     ///< The value of the option without the part.
  std::optional<QueueDiscipline> queue = std::nullopt;          ///< Without the part.
  std::optional<Rebalancing> rebalancing = std::nullopt;        ///< Without the part.
  std::optional<std::uint32_t> window_requests = std::nullopt;  ///< Without the part.
};

/// The parts of a policy, in the order in which tables show them. Empty: none are described.
[[nodiscard]] std::span<const PolicyPart> policy_parts(std::string_view policy);

/// The policies that have parts.
[[nodiscard]] std::span<const std::string_view> policies_with_parts();

}  // namespace ringmaster
