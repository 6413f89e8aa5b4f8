#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace ringmaster {

/// A number with a unit, "500ms", "1.5s", "10m", "2h", "250us"; "0" needs none. Nothing if it is
/// not one, is negative, or exceeds 100 years.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);

/// The shortest form that parse_duration reads as the same value: "1500ms", "5s", "0s".
[[nodiscard]] std::string format_duration(Duration duration);

/// A whole number of bytes, or of "KiB", "MiB", "GiB", "TiB" (powers of 1024); "B" may be written.
[[nodiscard]] std::optional<std::uint64_t> parse_bytes(std::string_view text);

/// The shortest form that parse_bytes reads as the same value: "32MiB", "1000B".
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

/// A finite decimal number, all of `text`.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

/// A whole decimal number, all of `text`; no sign but '-'.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);

}  // namespace ringmaster
