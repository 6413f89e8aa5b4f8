#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace ringmaster::http {

/// ASCII rules of HTTP: no locale, no bytes above 0x7f.
[[nodiscard]] constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

[[nodiscard]] constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

[[nodiscard]] constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return ascii_lower(x) == ascii_lower(y);
         });
}

namespace internal {
/// By byte; at namespace scope, for a local one would be built at every call.
inline constexpr auto kIsTokenChar = [] {
  std::array<bool, 256> table{};
  for (int i = '0'; i <= '9'; ++i) table[static_cast<unsigned char>(i)] = true;
  for (int i = 'a'; i <= 'z'; ++i) table[static_cast<unsigned char>(i)] = true;
  for (int i = 'A'; i <= 'Z'; ++i) table[static_cast<unsigned char>(i)] = true;
  for (const char symbol : std::string_view("!#$%&'*+-.^_`|~")) {
    table[static_cast<unsigned char>(symbol)] = true;
  }
  return table;
}();
}  // namespace internal

/// A character of a `token` (RFC 9110, 5.6.2): methods and field names consist of these.
[[nodiscard]] constexpr bool is_token_char(char c) {
  return internal::kIsTokenChar[static_cast<unsigned char>(c)];
}

[[nodiscard]] constexpr bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

/// A character of a field value: visible, space, tab, or a byte above 0x7f.
[[nodiscard]] constexpr bool is_field_value_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

/// Without spaces and tabs at either end.
[[nodiscard]] constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Calls `visit` with each element of a comma-separated list that is not empty.
template <class Visit>
constexpr void for_each_element(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const auto element = trim(list.substr(0, comma));
    if (!element.empty()) visit(element);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace ringmaster::http
