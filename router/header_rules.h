#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/message.h"

namespace ringmaster {

/// The fields of a client's request that go on to the instance: all but the hop-by-hop ones (and
/// those that `Connection` names), what the client itself sets, what only the gateway may say
/// (x-ringmaster-*), Accept-Encoding (answers are read on their way) and Expect.
/// `forwards_key`: whether Authorization goes on; not where it is the gateway's own key.
[[nodiscard]] http::Fields forwarded_request_fields(const http::Fields& fields, bool forwards_key);

/// The fields of an instance's answer that go back: all but the hop-by-hop ones, the length
/// (framing is made anew), Date and Server.
[[nodiscard]] http::Fields forwarded_response_fields(const http::Fields& fields);

/// The client's x-request-id if it is 1 to 128 characters of [A-Za-z0-9._:-], else a new one made
/// of `fallback`: "req-" and 32 hex digits.
[[nodiscard]] std::string request_id_from(const http::Fields& fields, std::uint64_t seed,
                                          std::uint64_t fallback);

/// Compares all of them, so that the time does not tell how much was right.
[[nodiscard]] bool is_same_secret(std::string_view given, std::string_view key);

/// True if `key` is the bearer token of Authorization. Takes the same time wherever they differ.
[[nodiscard]] bool has_bearer(const http::Fields& fields, std::string_view key);

/// True if the answer is a stream of server-sent events.
[[nodiscard]] bool is_event_stream(const http::Fields& fields);

}  // namespace ringmaster
