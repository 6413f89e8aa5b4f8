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

/// Hash keys grow in steps: a block each up to the first landmark, then from landmark to landmark,
/// so that they reach behind a long system prompt whatever the blocks. The blocks of the first
/// `steps`. Requires: apart = landmark_blocks().
[[nodiscard]] constexpr std::size_t blocks_of_steps(std::size_t steps, std::size_t apart) {
  return steps <= apart ? steps : (steps - apart + 1) * apart;
}

/// Steps that a chain of so many blocks has.
[[nodiscard]] constexpr std::size_t steps_of_blocks(std::size_t blocks, std::size_t apart) {
  return blocks <= apart ? blocks : apart - 1 + blocks / apart;
}

}  // namespace ringmaster
