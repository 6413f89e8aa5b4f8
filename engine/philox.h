#pragma once

#include <array>
#include <cstdint>

namespace ringmaster::engine {

/// Philox4x32-10: four random words from a counter and a key, without any state (Salmon, Moraes,
/// Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
///
/// A draw is named, not taken from a stream: the same (key, counter) gives the same words on any
/// device, in any order.
[[nodiscard]] constexpr std::array<std::uint32_t, 4> philox4x32(
    std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  constexpr int kRounds = 10;
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t even = 0xd2511f53ULL * counter[0];
    const std::uint64_t odd = 0xcd9e8d57ULL * counter[2];
    counter = {static_cast<std::uint32_t>(odd >> 32U) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(odd),
               static_cast<std::uint32_t>(even >> 32U) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(even)};
    key[0] += 0x9e3779b9U;
    key[1] += 0xbb67ae85U;
  }
  return counter;
}

/// Uniform in [0, 1) with 53 bits: draw `index` of `seed`.
[[nodiscard]] constexpr double philox_unit(std::uint64_t seed, std::uint64_t index) {
  const auto words = philox4x32(
      {static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32U), 0, 0},
      {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32U)});
  const std::uint64_t bits = (std::uint64_t{words[1]} << 32U) | words[0];
  return static_cast<double>(bits >> 11U) * 0x1.0p-53;
}

}  // namespace ringmaster::engine
