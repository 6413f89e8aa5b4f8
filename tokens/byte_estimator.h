#pragma once

#include <cstdint>

namespace ringmaster {

/// Bytes per token of ordinary English text under a vocabulary of 100,000 or more; code and other
/// languages have fewer, so prompts in them are underestimated.
inline constexpr std::uint64_t kBytesPerToken = 4;

/// How many tokens a prompt of this size probably has, where no tokenizer is known. Rounded up.
[[nodiscard]] constexpr std::uint64_t estimate_tokens(std::uint64_t bytes) {
  return bytes / kBytesPerToken + (bytes % kBytesPerToken == 0 ? 0 : 1);
}

}  // namespace ringmaster
