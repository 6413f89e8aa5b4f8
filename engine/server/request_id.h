#pragma once

#include <cstdint>
#include <string>

#include "http/message.h"

namespace ringmaster::engine {

/// The client's x-request-id if it has one that is fit to be echoed (1 to 128 printable ASCII
/// characters, no quotes or backslashes), else a new one from `number`, which is never repeated.
[[nodiscard]] std::string request_id(const http::Request& request, std::uint64_t number);

}  // namespace ringmaster::engine
