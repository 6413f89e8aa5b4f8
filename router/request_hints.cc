#include "router/request_hints.h"

#include <charconv>
#include <string>

namespace ringmaster {
namespace {

constexpr std::int32_t kPriorityMin = -999'999;
constexpr std::int32_t kPriorityMax = 9'999'999;
constexpr std::uint32_t kStepsMax = 1'000'000;

std::string_view value_of(const http::Fields& fields, const std::string& name) {
  const auto* value = name.empty() ? nullptr : fields.find(name);
  return value == nullptr ? std::string_view() : std::string_view(*value);
}

/// 0 where there is no such header, or nothing in it.
template <class Number>
Result<Number> number_of(const http::Fields& fields, const std::string& name, Number least,
                         Number most) {
  const std::string_view text = value_of(fields, name);
  if (text.empty()) return Number{0};
  const char* const behind = text.data() + text.size();
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), behind, number);
  if (error == std::errc() && end == behind && number >= least && number <= most) return number;
  return invalid("the header " + name + " must be a whole number in [" + std::to_string(least) +
                 ", " + std::to_string(most) + "]");
}

}  // namespace

Result<RequestHints> read_request_hints(const http::Fields& fields, const HeaderSettings& names) {
  const auto priority = number_of(fields, names.priority, kPriorityMin, kPriorityMax);
  if (!priority) return tl::unexpected(priority.error());
  const auto steps = number_of(fields, names.steps_to_execution, std::uint32_t{0}, kStepsMax);
  if (!steps) return tl::unexpected(steps.error());
  return RequestHints{.session = value_of(fields, names.session),
                      .tenant = value_of(fields, names.tenant),
                      .adapter = value_of(fields, names.adapter),
                      .priority = *priority,
                      .steps_to_execution = *steps};
}

}  // namespace ringmaster
