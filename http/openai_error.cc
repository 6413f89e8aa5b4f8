#include "http/openai_error.h"

#include <algorithm>
#include <cstdint>

#include "base/json_text.h"

namespace ringmaster::http {
namespace {

/// Of a message and a param each: they may quote what a client or an instance sent.
constexpr std::size_t kTextBytesMax = 4 * 1024;

/// Cuts at a code point's start, so that the text stays valid UTF-8.
std::string_view cut(std::string_view text) {
  if (text.size() <= kTextBytesMax) return text;
  auto end = kTextBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return text.substr(0, end);
}

std::string_view error_type(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 429:
      return "rate_limit_error";
    default:
      return status >= 500 ? "server_error" : "invalid_request_error";
  }
}

void append_string_or_null(std::string& out, std::string_view text) {
  if (text.empty()) {
    out += "null";
  } else {
    append_json_string(out, text);
  }
}

void append_error_object(std::string& out, std::string_view message, std::string_view type,
                         std::string_view code, std::string_view param) {
  out += R"({"error":{"message":)";
  append_json_string(out, cut(message));
  out += R"(,"type":)";
  append_json_string(out, type);
  out += R"(,"param":)";
  append_string_or_null(out, cut(param));
  out += R"(,"code":)";
  append_string_or_null(out, code);
  out += "}}";
}

}  // namespace

int status_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kOverloaded:
      return 429;
    case ErrorCode::kCancelled:
      return 499;
    case ErrorCode::kUnavailable:
      return 503;
    case ErrorCode::kDeadlineExceeded:
      return 504;
    case ErrorCode::kInternal:
      break;
  }
  return error.origin == ErrorOrigin::kInstance ? 502 : 500;
}

std::string openai_error_body(int status, std::string_view message, std::string_view code,
                              std::string_view param) {
  std::string body;
  append_error_object(body, message, error_type(status), code, param);
  return body;
}

Response openai_error(int status, std::string_view message, std::string_view code,
                      std::string_view param) {
  return json_response(status, openai_error_body(status, message, code, param));
}

Response openai_error(const Error& error, std::optional<Duration> retry_after) {
  const bool is_too_much = error.code == ErrorCode::kOverloaded;
  auto response = openai_error(status_of(error), error.message,
                               is_too_much ? "rate_limit_exceeded" : std::string_view());
  if (retry_after) {
    // Rounded up: a client that comes back early is refused again.
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*retry_after).count();
    response.fields.set("Retry-After", std::to_string(std::max<std::int64_t>(1, seconds)));
  }
  return response;
}

std::optional<Response> refuse_compressed(const Fields& fields) {
  const auto* const coding = fields.find("content-encoding");
  if (coding == nullptr || *coding == "identity") return std::nullopt;
  return openai_error(415, "a body with Content-Encoding is not read; send it as it is");
}

std::string openai_error_event(std::string_view message, std::string_view code) {
  std::string event = "data: ";
  append_error_object(event, message, "server_error", code, {});
  event += "\n\n";
  return event;
}

}  // namespace ringmaster::http
