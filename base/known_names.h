#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ringmaster {

/// The name that takes the fewest edits to get to; empty if none is near: a third of the letters
/// may be wrong.
[[nodiscard]] std::string_view nearest_name(std::string_view name,
                                            std::span<const std::string_view> known);

/// " (did you mean 'nearest'?)", or nothing if no name is near.
[[nodiscard]] std::string hint_at(std::string_view name, std::span<const std::string_view> known);

/// "a, b, c".
[[nodiscard]] std::string join_names(std::span<const std::string_view> names);

/// What is said of a name that is none of the known ones: `expected one of a, b, c, found "x"`,
/// with a hint if one is near. Of a name over 64 bytes the beginning is shown.
[[nodiscard]] std::string expected_one_of(std::span<const std::string_view> known,
                                          std::string_view found);

}  // namespace ringmaster
