#pragma once

#include <cstdint>

namespace ringmaster::engine {

/// In place of a token that is not known yet when its step is planned: the newest sample of `slot`.
/// Negative, as no token is.
[[nodiscard]] constexpr std::int32_t sample_of_slot(std::int32_t slot) {
  return -1 - slot;
}

/// The slot. Requires: token < 0.
[[nodiscard]] constexpr std::int32_t slot_of_sample(std::int32_t token) {
  return -1 - token;
}

}  // namespace ringmaster::engine
