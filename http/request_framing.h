#pragma once

#include <string_view>

#include "http/message_head.h"

namespace ringmaster::http {

struct RequestFraming {
  MessageFraming message;
  bool is_http_1_0 = false;
};

/// The strict gate: every request passes it before anything else sees it. Fills method, target
/// (origin form) and fields of `request` from a head as measured by HeadScanner. What two parsers
/// could read differently is refused, not repaired.
[[nodiscard]] Framed<RequestFraming> parse_request_head(std::string_view head, Request& request);

}  // namespace ringmaster::http
