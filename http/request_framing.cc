#include "http/request_framing.h"

#include <algorithm>

#include "http/ascii.h"

namespace ringmaster::http {
namespace {

constexpr std::size_t kMethodBytesMax = 32;

bool is_target_char(char c) {
  return c > ' ' && c < 0x7f && c != '#';
}

bool is_host_char(char c) {
  return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
         std::string_view("-._~!$&'()*+;=%[]:").find(c) != std::string_view::npos;
}

/// host [":" port], the host not empty (RFC 9110, 7.2; userinfo is not allowed).
bool is_authority(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_host_char)) return false;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || end == 1) return false;
    port = text.substr(end + 1);
    text = text.substr(1, end - 1);
    if (!port.empty() && !port.starts_with(':')) return false;
  } else {
    const auto colon = text.find(':');
    if (colon == 0) return false;
    if (colon != std::string_view::npos) {
      port = text.substr(colon);
      text = text.substr(0, colon);
    }
    if (text.find(':') != std::string_view::npos) return false;
  }
  if (text.find_first_of("[]") != std::string_view::npos) return false;
  if (port.empty()) return true;
  port.remove_prefix(1);
  return port.size() <= 5 && std::all_of(port.begin(), port.end(), is_digit);
}

struct RequestLine {
  std::string_view method;
  std::string_view target;
  bool is_http_1_0 = false;
};

Framed<bool> parse_version(std::string_view text) {
  if (text == "HTTP/1.1") return false;
  if (text == "HTTP/1.0") return true;
  const bool is_version = text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) &&
                          text[6] == '.' && is_digit(text[7]);
  if (is_version) return refuse(505, "only HTTP/1.1 and HTTP/1.0 are supported");
  return refuse(400, "the request line must be: method, target, HTTP version");
}

Framed<RequestLine> parse_request_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return refuse(400, "the request line must be: method, target, HTTP version");
  }
  RequestLine parsed{.method = line.substr(0, first),
                     .target = line.substr(first + 1, last - first - 1)};
  const bool is_method = is_token(parsed.method) && parsed.method.size() <= kMethodBytesMax &&
                         std::none_of(parsed.method.begin(), parsed.method.end(),
                                      [](char c) { return c >= 'a' && c <= 'z'; });
  if (!is_method) return refuse(400, "the method must be an upper-case token");
  const auto version = parse_version(line.substr(last + 1));
  if (!version) return tl::unexpected(version.error());
  parsed.is_http_1_0 = *version;
  if (parsed.target.empty() ||
      !std::all_of(parsed.target.begin(), parsed.target.end(), is_target_char)) {
    return refuse(400, "the request target has a character that is not allowed");
  }
  if (parsed.method == "CONNECT") return refuse(501, "CONNECT is not supported");
  return parsed;
}

/// Splits "http://authority/path" off `target`. An origin-form target stays as it is.
Framed<std::string_view> take_authority(std::string_view& target) {
  if (target.starts_with('/')) return std::string_view();
  const auto scheme_end = target.find("://");
  const auto scheme = target.substr(0, scheme_end);
  if (scheme_end == std::string_view::npos ||
      !(equals_ignoring_case(scheme, "http") || equals_ignoring_case(scheme, "https"))) {
    return refuse(400, "the request target must start with '/'");
  }
  target.remove_prefix(scheme_end + 3);
  const auto authority = target.substr(0, target.find_first_of("/?"));
  if (!is_authority(authority)) return refuse(400, "the request target has an invalid authority");
  target.remove_prefix(authority.size());
  return authority;
}

Framed<void> check_host(const Fields& fields, std::string_view target_authority, bool is_http_1_0) {
  const std::string* host = nullptr;
  for (const auto& [name, value] : fields) {
    if (!equals_ignoring_case(name, "host")) continue;
    if (host != nullptr) return refuse(400, "more than one Host");
    host = &value;
  }
  if (host == nullptr) {
    if (!is_http_1_0) return refuse(400, "Host is missing");
    return {};
  }
  if (!is_authority(*host)) return refuse(400, "Host must be a name or address, and a port");
  if (!target_authority.empty() && !equals_ignoring_case(*host, target_authority)) {
    return refuse(400, "Host differs from the authority in the request target");
  }
  return {};
}

}  // namespace

Framed<RequestFraming> parse_request_head(std::string_view head, Request& request) {
  HeadLines lines(head);
  const auto line = parse_request_line(lines.next());
  if (!line) return tl::unexpected(line.error());
  auto target = line->target;
  const auto authority = take_authority(target);
  if (!authority) return tl::unexpected(authority.error());

  request.method = line->method;
  request.target = target.starts_with('/') ? "" : "/";
  request.target += target;
  request.fields.clear();
  const auto framing = parse_fields(lines, line->is_http_1_0, request.fields);
  if (!framing) return tl::unexpected(framing.error());
  const auto host = check_host(request.fields, *authority, line->is_http_1_0);
  if (!host) return tl::unexpected(host.error());
  return RequestFraming{.message = *framing, .is_http_1_0 = line->is_http_1_0};
}

}  // namespace ringmaster::http
