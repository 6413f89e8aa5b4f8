#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace ringmaster {

/// Which of the gateways before one fleet owns an instance: holds and orders what waits for it. The
/// others forward to the owner what they choose the instance for.
///
/// An index into `gateways`, their names: the largest hash of both names together, so that gateways
/// that know the same names agree without a word, and one that comes or goes changes the owner of
/// its share alone. O(gateways). Requires: `gateways` is not empty.
/// Source: rendezvous hashing; D. Thaler, C. Ravishankar, "Using name-based mappings to increase
/// hit rates" (1998).
[[nodiscard]] std::size_t owner_of(std::string_view instance,
                                   std::span<const std::string> gateways);

}  // namespace ringmaster
