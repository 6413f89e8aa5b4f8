#include "http/openai_error.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace ringmaster::http {
namespace {

/// Bytes of the UTF-8 sequence at the start of `text`, or 0 if it is none.
std::size_t utf8_sequence_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto lead = byte(0);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3
                             : lead < 0xf5                                        ? 4
                                                                                  : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  }
  // Overlong forms, surrogates and what lies beyond U+10FFFF.
  if ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) >= 0xa0) ||
      (lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) >= 0x90)) {
    return 0;
  }
  return length;
}

/// Messages may quote bytes of a client, so anything that is not UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const auto length = utf8_sequence_bytes(text);
    const char c = text.front();
    if (length == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4U];
      out += kHex[static_cast<unsigned char>(c) & 0xfU];
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  out += '"';
}

std::string_view error_type(int status) {
  switch (status) {
    case 401: return "authentication_error";
    case 403: return "permission_error";
    case 429: return "rate_limit_error";
    default: return status >= 500 ? "server_error" : "invalid_request_error";
  }
}

void append_error_object(std::string& out, std::string_view message, std::string_view type,
                         std::string_view code) {
  out += R"({"error":{"message":)";
  append_json_string(out, message);
  out += R"(,"type":)";
  append_json_string(out, type);
  out += R"(,"param":null,"code":)";
  if (code.empty()) {
    out += "null";
  } else {
    append_json_string(out, code);
  }
  out += "}}";
}

}  // namespace

int status_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument: return 400;
    case ErrorCode::kNotFound: return 404;
    case ErrorCode::kOverloaded: return 429;
    case ErrorCode::kCancelled: return 499;
    case ErrorCode::kUnavailable: return 503;
    case ErrorCode::kDeadlineExceeded: return 504;
    case ErrorCode::kInternal: break;
  }
  return error.origin == ErrorOrigin::kInstance ? 502 : 500;
}

std::string openai_error_body(int status, std::string_view message, std::string_view code) {
  std::string body;
  append_error_object(body, message, error_type(status), code);
  return body;
}

Response openai_error(int status, std::string_view message, std::string_view code) {
  return json_response(status, openai_error_body(status, message, code));
}

Response openai_error(const Error& error, std::optional<Duration> retry_after) {
  auto response = openai_error(status_of(error), error.message);
  if (retry_after) {
    // Rounded up: a client that comes back early is refused again.
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*retry_after).count();
    response.fields.set("Retry-After", std::to_string(std::max<std::int64_t>(1, seconds)));
  }
  return response;
}

std::string openai_error_event(std::string_view message, std::string_view code) {
  std::string event = "data: ";
  append_error_object(event, message, "server_error", code);
  event += "\n\n";
  return event;
}

}  // namespace ringmaster::http
