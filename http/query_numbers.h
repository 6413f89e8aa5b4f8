#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "http/message.h"

namespace ringmaster::http {

/// A whole number that the query of a target may give.
struct QueryNumber {
  std::string_view key;
  std::uint64_t least = 0;
  std::uint64_t most = 0;
  std::optional<std::uint64_t> value = {};  ///< Nothing: not given.
};

/// Reads a query `key=number&...` into the numbers that it may give; the refusal (400, `param` is
/// the key) of a key that is none of theirs, of one given twice, and of a value that is no whole
/// number in its range: whoever mistypes would otherwise get something else than was asked for.
[[nodiscard]] std::optional<Response> read_query(std::string_view query,
                                                 std::span<QueryNumber> numbers);

}  // namespace ringmaster::http
