#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/client.h"
#include "http/message.h"
#include "settings/gateway_settings.h"

namespace ringmaster {

// What gateways that are peers say to each other, beside the request itself.

inline constexpr std::string_view kPeerLoadPath = "/peer/load";
inline constexpr std::string_view kPeerKeyField = "x-ringmaster-peer-key";
inline constexpr std::string_view kForwardedToField = "x-ringmaster-forwarded-to";
inline constexpr std::string_view kInstanceField = "x-ringmaster-instance";
inline constexpr std::string_view kFinalField = "x-ringmaster-final";

/// What the owner of an instance made of a request that was forwarded to it.
enum class OwnerAnswer : std::uint8_t {
  kOfInstance,  ///< An instance's answer.
  kFinal,       ///< Its scheduler refused after it had its turn: asking elsewhere is no use.
  kNotTaken,    ///< It has not tried: another key, no such model there, about to end.
};

/// Whether a peer sent it: it has the key, and there is one. The time does not tell how much of the
/// key was right.
[[nodiscard]] bool is_from_peer(const http::Fields& fields, std::string_view key);

/// The instance that a peer chose for the request; empty: it came from its client.
[[nodiscard]] std::string forwarded_to(const http::Fields& fields, std::string_view key);

/// The head of a request as its owner is to get it: `head`, and of the client's fields those that
/// hints are read from, whatever an instance would not get of them. `instance` is the one chosen.
[[nodiscard]] http::RequestHead forwarding_head(const http::RequestHead& head,
                                                const http::Fields& of_client,
                                                const HeaderSettings& hints,
                                                std::string_view instance, std::string_view key);

/// Of the answer's head, from what only gateways may say.
[[nodiscard]] OwnerAnswer judge_owner(const http::ResponseHead& head);

}  // namespace ringmaster
