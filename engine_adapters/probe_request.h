#pragma once

#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "base/result.h"
#include "engine_adapters/engine_adapter.h"

namespace ringmaster {

/// A small answer to one of the gateway's own questions.
struct ProbeAnswer {
  int status = 0;
  std::string body;
};

/// GET `target` within link.timeout; the body is read up to 4 MiB. Fails as http::Client does.
[[nodiscard]] asio::awaitable<Result<ProbeAnswer>> probe_request(const EngineLink& link,
                                                                 std::string_view target);

}  // namespace ringmaster
