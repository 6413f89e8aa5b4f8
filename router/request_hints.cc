#include "router/request_hints.h"

#include <charconv>
#include <string>

namespace ringmaster {
namespace {

constexpr std::size_t kPriorityDigitsMax = 7;
constexpr std::uint32_t kStepsMax = 1'000'000;

std::string_view value_of(const http::Fields& fields, const std::string& name) {
  const auto* value = name.empty() ? nullptr : fields.find(name);
  return value == nullptr ? std::string_view() : std::string_view(*value);
}

/// 0 unless the whole text is a number that fits.
template <class Number>
Number number_of(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

}  // namespace

RequestHints read_request_hints(const http::Fields& fields, const HeaderSettings& names) {
  RequestHints hints{.session = value_of(fields, names.session),
                     .tenant = value_of(fields, names.tenant),
                     .adapter = value_of(fields, names.adapter)};
  const std::string_view priority = value_of(fields, names.priority);
  if (priority.size() <= kPriorityDigitsMax) hints.priority = number_of<std::int32_t>(priority);
  const auto steps = number_of<std::uint32_t>(value_of(fields, names.steps_to_execution));
  if (steps <= kStepsMax) hints.steps_to_execution = steps;
  return hints;
}

}  // namespace ringmaster
