#include <algorithm>
#include <charconv>
#include <string>

#include "http/ascii.h"
#include "http/client.h"

namespace ringmaster::http {
namespace {

constexpr std::string_view kScheme = "http://";

tl::unexpected<Error> not_a_url(std::string_view url, std::string_view problem) {
  return invalid("\"" + std::string(url) + "\": " + std::string(problem) +
                 "; expected http://host[:port][/path]");
}

bool is_path_char(char c) {
  return c > ' ' && c < 0x7f && c != '?' && c != '#';
}

bool is_host_char(char c) {
  return c > ' ' && c < 0x7f && std::string_view("/?#@[]\\\"<>").find(c) == std::string_view::npos;
}

}  // namespace

// Not by Boost.URL: it takes "http://a:80x" for port 80 and path "x" (1.81), knows no zones of
// link-local addresses, and its errors ("leftover", "mismatch") name no part of the URL.
Result<Endpoint> Endpoint::parse(std::string_view url) {
  if (!equals_ignoring_case(url.substr(0, kScheme.size()), kScheme)) {
    return not_a_url(url, "the scheme must be http");
  }
  const auto rest = url.substr(kScheme.size());
  const auto slash = std::min(rest.find('/'), rest.size());
  auto authority = rest.substr(0, slash);
  auto path = rest.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (!std::all_of(path.begin(), path.end(), is_path_char)) {
    return not_a_url(url, "the path has a character that is not allowed");
  }
  Endpoint endpoint;
  endpoint.base_path = path;
  const bool is_v6 = authority.starts_with('[');
  const auto host_end = is_v6 ? authority.find(']') : authority.find(':');
  if (is_v6 && host_end == std::string_view::npos) return not_a_url(url, "']' is missing");
  endpoint.host = authority.substr(is_v6 ? 1 : 0, host_end - (is_v6 ? 1 : 0));
  if (endpoint.host.empty() ||
      !std::all_of(endpoint.host.begin(), endpoint.host.end(), is_host_char)) {
    return not_a_url(url, "the host is missing or has a character that is not allowed");
  }
  authority = host_end == std::string_view::npos ? std::string_view()
                                                 : authority.substr(host_end + (is_v6 ? 1 : 0));
  if (authority.empty()) return endpoint;
  const auto digits = authority.substr(1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
  if (authority[0] != ':' || error != std::errc() || end != digits.data() + digits.size() ||
      endpoint.port == 0) {
    return not_a_url(url, "the port must be a number in [1, 65535]");
  }
  return endpoint;
}

std::string Endpoint::authority() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace ringmaster::http
