#include "settings/addresses.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "settings/quantities.h"

namespace ringmaster {
namespace {

bool is_port(std::string_view text, std::int64_t least) {
  const auto port = parse_integer(text);
  return port && *port >= least && *port <= 65'535 && text.front() != '-';
}

bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
  });
}

bool is_bracketed_v6(std::string_view text) {
  if (text.size() < 4 || text.front() != '[' || text.back() != ']') return false;
  const std::string_view inside = text.substr(1, text.size() - 2);
  return inside.find(':') != std::string_view::npos &&
         std::ranges::all_of(inside, [](unsigned char c) {
           return std::isxdigit(c) != 0 || c == ':' || c == '.' || c == '%';
         });
}

}  // namespace

bool is_listen_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !is_port(text.substr(colon + 1), 0)) return false;
  const std::string_view host = text.substr(0, colon);
  return is_host(host) || is_bracketed_v6(host);
}

bool is_instance_url(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme)) return false;
  text.remove_prefix(kScheme.size());
  const std::string_view authority = text.substr(0, text.find('/'));
  const std::string_view path = text.substr(authority.size());
  const bool path_is_clean = std::ranges::all_of(
      path, [](unsigned char c) { return c > ' ' && c < 0x7f && c != '?' && c != '#'; });
  if (!path_is_clean) return false;
  if (is_host(authority) || is_bracketed_v6(authority)) return true;
  const std::size_t colon = authority.rfind(':');
  return is_listen_address(authority) && is_port(authority.substr(colon + 1), 1);
}

bool is_instance_name(std::string_view text) {
  constexpr std::string_view kMarks = "._-:";
  return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, [&](unsigned char c) {
    return std::isalnum(c) != 0 || kMarks.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool is_header_name(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, [&](unsigned char c) {
    return std::isalnum(c) != 0 || kMarks.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

}  // namespace ringmaster
