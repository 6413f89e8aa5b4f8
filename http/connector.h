#pragma once

#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "base/result.h"
#include "http/channel.h"
#include "http/client.h"

namespace ringmaster::http {

/// Opens a connection to `endpoint` on the loop of `executor`, trying each address of its name in
/// turn until `deadline` (Channel::kNever: none).
/// Fails with kUnavailable, kDeadlineExceeded or kCancelled.
[[nodiscard]] asio::awaitable<Result<std::shared_ptr<Channel>>> connect(Channel::Executor executor,
                                                                        const Endpoint& endpoint,
                                                                        TimePoint deadline);

}  // namespace ringmaster::http
