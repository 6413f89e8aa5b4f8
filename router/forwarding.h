#pragma once

#include <string>
#include <string_view>

#include "http/client.h"
#include "http/message.h"

namespace ringmaster {

// What gateways that are peers say to each other, beside the request itself.

inline constexpr std::string_view kPeerLoadPath = "/peer/load";
inline constexpr std::string_view kPeerKeyField = "x-ringmaster-peer-key";
inline constexpr std::string_view kForwardedToField = "x-ringmaster-forwarded-to";

/// Whether a peer sent it: it has the key, and there is one. The time does not tell how much of the
/// key was right.
[[nodiscard]] bool is_from_peer(const http::Fields& fields, std::string_view key);

/// The instance that a peer chose for the request; empty: it came from its client.
[[nodiscard]] std::string forwarded_to(const http::Fields& fields, std::string_view key);

/// The head of a request as its owner is to get it. `instance` is the one chosen.
[[nodiscard]] http::RequestHead forwarding_head(const http::RequestHead& head,
                                                std::string_view instance, std::string_view key);

}  // namespace ringmaster
