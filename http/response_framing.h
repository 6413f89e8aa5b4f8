#pragma once

#include <string_view>

#include "http/message_head.h"

namespace ringmaster::http {

/// Reads the head of an answer to a request of `method`, as strictly as that of a request: an
/// engine whose framing is ambiguous must not be able to shift answers on a shared connection.
/// Content-Length stays out of `head.fields`. The status of a refusal means nothing here.
[[nodiscard]] Framed<MessageFraming> parse_response_head(std::string_view head_text,
                                                         std::string_view method,
                                                         ResponseHead& head);

}  // namespace ringmaster::http
