#include "http/query_numbers.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "http/openai_error.h"

namespace ringmaster::http {
namespace {

std::string quoted(std::string_view key) {
  return '"' + std::string(key) + '"';
}

Response refusal(std::string_view key, std::string_view problem) {
  return openai_error(400, quoted(key) + " in the query " + std::string(problem), {}, key);
}

Response unknown_key(std::string_view key, std::span<const QueryNumber> numbers) {
  std::string problem = "is not known: expected ";
  for (const QueryNumber& number : numbers) {
    if (&number != &numbers.front()) problem += " or ";
    problem += quoted(number.key);
  }
  return refusal(key, problem);
}

bool read_number(std::string_view text, QueryNumber& number) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  number.value = value;
  return value >= number.least && value <= number.most;
}

}  // namespace

std::optional<Response> read_query(std::string_view query, std::span<QueryNumber> numbers) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const std::string_view key = pair.substr(0, pair.find('='));
    const auto found = std::ranges::find(numbers, key, &QueryNumber::key);
    if (found == numbers.end()) return unknown_key(key, numbers);
    if (found->value) return refusal(key, "is given twice");
    const std::string_view text = pair.substr(std::min(key.size() + 1, pair.size()));
    if (read_number(text, *found)) continue;
    return refusal(key, "must be a whole number in [" + std::to_string(found->least) + ", " +
                            std::to_string(found->most) + "]");
  }
  return std::nullopt;
}

}  // namespace ringmaster::http
