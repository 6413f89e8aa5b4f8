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

/// {"error":{"message","type","param":null,"code"}}, as OpenAI clients expect it.
[[nodiscard]] std::string openai_error_body(int status, std::string_view message,
                                            std::string_view code = {});

[[nodiscard]] Response openai_error(int status, std::string_view message,
                                    std::string_view code = {});

/// With Retry-After (whole seconds, at least 1) where it is given.
[[nodiscard]] Response openai_error(const Error& error,
                                    std::optional<Duration> retry_after = std::nullopt);

/// 415 where the fields of a request say that its body is compressed: nothing here reads that.
[[nodiscard]] std::optional<Response> refuse_compressed(const Fields& fields);

/// One event `data: {"error":...}` that ends a stream which has already begun.
[[nodiscard]] std::string openai_error_event(std::string_view message, std::string_view code);

}  // namespace ringmaster::http
