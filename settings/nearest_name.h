#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ringmaster {

/// The one of `names` that `name` was most likely meant to be: the fewest edits away, at most one
/// for every three letters begun. Empty if none is that close.
[[nodiscard]] std::string nearest_name(std::string_view name, std::span<const std::string> names);

}  // namespace ringmaster
