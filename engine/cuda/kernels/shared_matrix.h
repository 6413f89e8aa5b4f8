#pragma once

#include <cstdint>

#include "engine/cuda/kernels/bf16.h"

// Matrices of bfloat16 in shared memory as a warpgroup's products (wgmma) read them: PTX ISA,
// "Asynchronous warpgroup level matrix shared memory layout". A panel is rows of 64 elements (128
// bytes) one behind the other, its chunks of 16 bytes swizzled: chunk c of row r stands at
// c ^ (r % 8), which is what `swizzled<8>` of tile_math.cuh does.

namespace ringmaster::engine::cuda {

inline constexpr int kPanelColumns = 64;
inline constexpr std::uint32_t kPanelRowBytes = 128;
/// Eight rows; the swizzle repeats itself after as many bytes, and a panel begins at a multiple.
inline constexpr std::uint32_t kPanelStepBytes = 1024;

/// The descriptor of a matrix with the swizzle of 128 bytes, whose first panel begins at a multiple
/// of kPanelStepBytes. `address` is one of shared memory; all three are multiples of 16 below 2^18.
[[nodiscard]] RINGMASTER_BOTH std::uint64_t shared_matrix(std::uint32_t address,
                                                          std::uint32_t leading_bytes,
                                                          std::uint32_t stride_bytes) {
  constexpr std::uint64_t kSwizzle128 = 1;
  return (address & 0x3ffffU) >> 4U | std::uint64_t{leading_bytes >> 4U} << 16U |
         std::uint64_t{stride_bytes >> 4U} << 32U | kSwizzle128 << 62U;
}

/// Whose rows are the operand's own: queries, or keys as the second one. `address` is of a panel's
/// row that 8 divides, plus 32 bytes for each 16 columns further on.
[[nodiscard]] RINGMASTER_BOTH std::uint64_t matrix_of_rows(std::uint32_t address) {
  return shared_matrix(address, 16, kPanelStepBytes);  // The first distance means nothing here.
}

/// Whose columns are the operand's rows: values, of which a product takes 16 rows of keys.
/// `address` is of such a row of the first panel; the next one is `panel_bytes` behind it.
[[nodiscard]] RINGMASTER_BOTH std::uint64_t matrix_of_columns(std::uint32_t address,
                                                              std::uint32_t panel_bytes) {
  return shared_matrix(address, panel_bytes, kPanelStepBytes);
}

}  // namespace ringmaster::engine::cuda
