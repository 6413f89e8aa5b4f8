#include "router/header_rules.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/random.h"

namespace ringmaster {
namespace {

constexpr std::string_view kRequestId = "x-request-id";
constexpr std::size_t kRequestIdBytesMax = 128;

constexpr std::array<std::string_view, 9> kHopByHop{"connection",
                                                    "keep-alive",
                                                    "proxy-connection",
                                                    "proxy-authenticate",
                                                    "proxy-authorization",
                                                    "te",
                                                    "trailer",
                                                    "transfer-encoding",
                                                    "upgrade"};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool starts_with_name(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() && same_name(name.substr(0, prefix.size()), prefix);
}

template <class Names>
bool contains(const Names& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view other) { return same_name(name, other); });
}

/// What the Connection fields name: hop-by-hop by the sender's own word.
std::vector<std::string_view> named_by_connection(const http::Fields& fields) {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : fields) {
    if (!same_name(name, "connection")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(','), rest.size());
      auto item = rest.substr(0, comma);
      while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
      while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
      if (!item.empty()) names.push_back(item);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return names;
}

bool is_request_id_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == ':' || c == '-';
}

void append_hex(std::uint64_t value, std::string& out) {
  for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[value >> shift & 0xfU];
}

}  // namespace

http::Fields forwarded_request_fields(const http::Fields& fields, bool forwards_key) {
  constexpr std::array<std::string_view, 5> kOurs{"host", "content-length", "expect",
                                                  "accept-encoding", kRequestId};
  const auto named = named_by_connection(fields);
  http::Fields forwarded;
  for (const auto& [name, value] : fields) {
    if (contains(kHopByHop, name) || contains(kOurs, name) || contains(named, name)) continue;
    if (starts_with_name(name, "x-ringmaster-")) continue;
    if (!forwards_key && same_name(name, "authorization")) continue;
    forwarded.add(name, value);
  }
  return forwarded;
}

http::Fields forwarded_response_fields(const http::Fields& fields) {
  constexpr std::array<std::string_view, 4> kOurs{"content-length", "date", "server", kRequestId};
  const auto named = named_by_connection(fields);
  http::Fields forwarded;
  for (const auto& [name, value] : fields) {
    if (contains(kHopByHop, name) || contains(kOurs, name) || contains(named, name)) continue;
    if (starts_with_name(name, "x-ringmaster-")) continue;
    forwarded.add(name, value);
  }
  return forwarded;
}

std::string request_id_from(const http::Fields& fields, std::uint64_t seed,
                            std::uint64_t fallback) {
  if (const auto* given = fields.find(kRequestId)) {
    if (!given->empty() && given->size() <= kRequestIdBytesMax &&
        std::all_of(given->begin(), given->end(), is_request_id_character)) {
      return *given;
    }
  }
  std::string id = "req-";
  append_hex(mix64(seed ^ fallback), id);
  append_hex(mix64(mix64(seed) + fallback), id);
  return id;
}

bool is_same_secret(std::string_view given, std::string_view key) {
  unsigned difference = given.size() == key.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char expected = key.empty() ? '\0' : key[i % key.size()];
    difference |= static_cast<unsigned char>(given[i] ^ expected);
  }
  return difference == 0;
}

bool has_bearer(const http::Fields& fields, std::string_view key) {
  constexpr std::string_view kScheme = "bearer ";
  const auto* value = fields.find("authorization");
  if (value == nullptr || !starts_with_name(*value, kScheme)) return false;
  return is_same_secret(std::string_view(*value).substr(kScheme.size()), key);
}

bool is_event_stream(const http::Fields& fields) {
  const auto* type = fields.find("content-type");
  return type != nullptr && starts_with_name(*type, "text/event-stream");
}

}  // namespace ringmaster
