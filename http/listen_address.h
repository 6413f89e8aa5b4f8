#pragma once

#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "base/result.h"

namespace ringmaster::http {

/// From "127.0.0.1:8080", "[::1]:8080", "localhost:8080", or "*:8080" for every address.
/// Fails with kInvalidArgument and what was expected.
[[nodiscard]] Result<boost::asio::ip::tcp::endpoint> parse_listen_address(
    const std::string& address);

}  // namespace ringmaster::http
