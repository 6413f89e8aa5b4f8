#include "settings/quantities.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace ringmaster {
namespace {

using namespace std::string_view_literals;

struct TimeUnit {
  std::string_view name;
  std::int64_t nanoseconds;
};

// Longest first, so that the first one that divides a duration gives its shortest form.
constexpr std::array kTimeUnits = {
    TimeUnit{"h"sv, 3'600'000'000'000},
    TimeUnit{"m"sv, 60'000'000'000},
    TimeUnit{"s"sv, 1'000'000'000},
    TimeUnit{"ms"sv, 1'000'000},
    TimeUnit{"us"sv, 1'000},
    TimeUnit{"ns"sv, 1},
};
constexpr double kNanosecondsMax = 100.0 * 365 * 24 * 3600 * 1e9;

struct ByteUnit {
  std::string_view name;
  unsigned shift;
};

constexpr std::array kByteUnits = {ByteUnit{"TiB"sv, 40}, ByteUnit{"GiB"sv, 30},
                                   ByteUnit{"MiB"sv, 20}, ByteUnit{"KiB"sv, 10},
                                   ByteUnit{"B"sv, 0}};

template <class T>
std::optional<T> parse_all(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

// Where the number ends and the unit begins.
std::pair<std::string_view, std::string_view> split_unit(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789.");
  if (end == std::string_view::npos) return {text, {}};
  std::string_view unit = text.substr(end);
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  return {text.substr(0, end), unit};
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration{};
  const auto [digits, unit_name] = split_unit(text);
  const auto number = parse_number(digits);
  if (!number) return std::nullopt;
  for (const TimeUnit& unit : kTimeUnits) {
    if (unit.name != unit_name) continue;
    const double nanoseconds = *number * static_cast<double>(unit.nanoseconds);
    if (nanoseconds > kNanosecondsMax) return std::nullopt;
    return Duration(std::llround(nanoseconds));
  }
  return std::nullopt;
}

std::string format_duration(Duration duration) {
  if (duration == Duration{}) return "0s";
  for (const TimeUnit& unit : kTimeUnits) {
    if (duration.count() % unit.nanoseconds == 0) {
      return std::to_string(duration.count() / unit.nanoseconds) + std::string(unit.name);
    }
  }
  return {};  // not reached: every duration is a number of nanoseconds
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  const auto [digits, unit_name] = split_unit(text);
  const auto number = parse_all<std::uint64_t>(digits);
  if (!number) return std::nullopt;
  if (unit_name.empty()) return number;
  for (const ByteUnit& unit : kByteUnits) {
    if (unit.name != unit_name) continue;
    if (*number > (UINT64_MAX >> unit.shift)) return std::nullopt;
    return *number << unit.shift;
  }
  return std::nullopt;
}

std::string format_bytes(std::uint64_t bytes) {
  for (const ByteUnit& unit : kByteUnits) {
    const std::uint64_t size = std::uint64_t{1} << unit.shift;
    if (bytes >= size && bytes % size == 0) {
      return std::to_string(bytes / size) + std::string(unit.name);
    }
  }
  return "0B";
}

std::optional<double> parse_number(std::string_view text) {
  const auto number = parse_all<double>(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  return parse_all<std::int64_t>(text);
}

}  // namespace ringmaster
