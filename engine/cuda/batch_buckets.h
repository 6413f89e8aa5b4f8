#pragma once

#include <array>
#include <cstdint>

namespace ringmaster::engine::cuda {

/// Numbers of sequences for which a decode step is recorded as a graph; a smaller batch is padded.
inline constexpr std::array<std::int32_t, 16> kBatchBuckets{1,  2,  4,  8,   12,  16,  24,  32,
                                                            48, 64, 96, 128, 160, 192, 224, 256};

/// The smallest bucket that holds `sequences`, or -1 if none does. Requires: sequences > 0.
[[nodiscard]] constexpr std::int32_t batch_bucket(std::int32_t sequences) {
  for (const std::int32_t bucket : kBatchBuckets) {
    if (sequences <= bucket) return bucket;
  }
  return -1;
}

/// Rows of a matrix product for which an algorithm is chosen: powers of two up to 8,192.
/// A product takes the choice for the next one. Requires: rows > 0.
[[nodiscard]] constexpr std::int32_t gemm_bucket(std::int32_t rows) {
  std::int32_t bucket = 1;
  while (bucket < rows && bucket < 8192) bucket *= 2;
  return bucket;
}

}  // namespace ringmaster::engine::cuda
