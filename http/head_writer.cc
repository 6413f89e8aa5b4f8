#include "http/head_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "http/ascii.h"
#include "http/message_head.h"

namespace ringmaster::http {
namespace {

void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

bool is_writable(std::string_view name, std::string_view value) {
  return is_token(name) && std::all_of(value.begin(), value.end(), is_field_value_char);
}

bool is_set_by_us(std::string_view name) {
  return is_hop_by_hop(name) || equals_ignoring_case(name, "content-length");
}

/// "Sun, 06 Nov 1994 08:49:37 GMT", made once a second per thread.
std::string_view date_now() {
  thread_local std::time_t made_at = -1;
  thread_local std::array<char, 32> text;
  thread_local std::size_t size = 0;
  const std::time_t now = std::time(nullptr);
  if (now != made_at) {
    made_at = now;
    std::tm parts{};
    gmtime_r(&now, &parts);
    // No service sets a locale, so names of days and months are the English ones of "C".
    size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  }
  return {text.data(), size};
}

bool expects_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

void append_request_head(std::string& out, const RequestLineAndHost& line, const Fields& fields,
                         std::size_t body_bytes) {
  out += line.method;
  out += ' ';
  out += line.base_path;
  out += line.target;
  out += " HTTP/1.1\r\n";
  append_field(out, "Host", line.authority);
  for (const auto& [name, value] : fields) {
    if (is_set_by_us(name) || equals_ignoring_case(name, "host") ||
        equals_ignoring_case(name, "expect") || !is_writable(name, value)) {
      continue;
    }
    append_field(out, name, value);
  }
  if (body_bytes != 0 || expects_body(line.method)) {
    out += "Content-Length: ";
    append_number(out, body_bytes);
    out += "\r\n";
  }
  out += "\r\n";
}

void append_response_head(std::string& out, const AnswerHead& head, const Fields& fields) {
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(head.status));
  out += ' ';
  out += reason_phrase(head.status);
  out += "\r\n";
  bool has_date = false;
  bool has_server = false;
  for (const auto& [name, value] : fields) {
    if (is_set_by_us(name) || !is_writable(name, value)) continue;
    has_date = has_date || equals_ignoring_case(name, "date");
    has_server = has_server || equals_ignoring_case(name, "server");
    append_field(out, name, value);
  }
  if (!has_date) append_field(out, "Date", date_now());
  if (!has_server && !head.server_name.empty()) append_field(out, "Server", head.server_name);
  if (head.framing == AnswerFraming::kLength) {
    out += "Content-Length: ";
    append_number(out, head.body_bytes);
    out += "\r\n";
  } else if (head.framing == AnswerFraming::kChunked) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (!head.keep_alive) out += "Connection: close\r\n";
  out += "\r\n";
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 424:
      return "Failed Dependency";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

}  // namespace ringmaster::http
