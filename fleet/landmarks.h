#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace ringmaster {

/// What landmarks of a prompt are apart: fine enough to tell prompts apart by them, coarse enough
/// that a long one has few. As long as the blocks of DualMap's hash keys and of the public traces.
inline constexpr std::uint32_t kLandmarkTokens = 512;

/// Every so many blocks of a chain there is a landmark. Requires: block_tokens > 0.
[[nodiscard]] constexpr std::size_t landmark_blocks(std::uint32_t block_tokens) {
  return std::max(1U, kLandmarkTokens / block_tokens);
}

}  // namespace ringmaster
