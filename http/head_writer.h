#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace ringmaster::http {

/// Heads are always written anew, never copied from what was received. Fields that frame the
/// message or concern one connection are set here; a field whose name or value could break out of
/// its line is left out.

struct RequestLineAndHost {
  std::string_view method;
  std::string_view base_path;
  std::string_view target;
  std::string_view authority;
};

/// Appends a request head to `out`. Content-Length is left out when a body is neither there nor
/// expected of the method.
void append_request_head(std::string& out, const RequestLineAndHost& line, const Fields& fields,
                         std::size_t body_bytes);

/// How the answer's end is shown to the client.
enum class AnswerFraming : std::uint8_t { kLength, kChunked, kUntilClose, kNone };

struct AnswerHead {
  int status = 200;
  AnswerFraming framing = AnswerFraming::kLength;
  std::uint64_t body_bytes = 0;  ///< With kLength.
  bool keep_alive = true;
  std::string_view server_name;
};

/// Appends a response head, with Date, and Server if `fields` has none.
void append_response_head(std::string& out, const AnswerHead& head, const Fields& fields);

/// "OK" for 200, and so on; "Status" for what has no name.
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace ringmaster::http
