#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/message.h"

namespace ringmaster::http {

/// The HTTP status for an error: 400, 404, 429, 499 (client gone), 503, 504 or 500; 502 for an
/// internal error of an instance.
[[nodiscard]] int status_of(const Error& error);

/// {"error":{"message","type","param","code"}}, as OpenAI clients expect it: `param` is the field
/// of the request at fault, as a JSON path or the key of a query. It and the code are null where
/// they are empty; it and the message are cut after 4 KiB.
[[nodiscard]] std::string openai_error_body(int status, std::string_view message,
                                            std::string_view code = {},
                                            std::string_view param = {});

[[nodiscard]] Response openai_error(int status, std::string_view message,
                                    std::string_view code = {}, std::string_view param = {});

/// With Retry-After (whole seconds, at least 1) where it is given, and OpenAI's code for
/// kOverloaded.
[[nodiscard]] Response openai_error(const Error& error,
                                    std::optional<Duration> retry_after = std::nullopt);

/// 415 where the fields of a request say that its body is compressed: nothing here reads that.
[[nodiscard]] std::optional<Response> refuse_compressed(const Fields& fields);

/// One event `data: {"error":...}` that ends a stream which has already begun.
[[nodiscard]] std::string openai_error_event(std::string_view message, std::string_view code);

}  // namespace ringmaster::http
