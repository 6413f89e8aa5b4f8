#pragma once

#include <cstdint>

#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kv_layout.h"

namespace ringmaster::engine::cuda {

/// Chunks of 16 bytes in a cached row of kDim elements.
template <int kDim>
[[nodiscard]] constexpr int row_chunks(KvType type) {
  return type == KvType::kE4m3 ? kDim / 16 : kDim / 8;
}

/// The sequence's paged keys or values of one KV head.
struct PagedRows {
  const Bf16* plane;           ///< Layer and KV head in block 0.
  const std::int32_t* blocks;  ///< The sequence's table.
  std::int64_t block_stride;
  std::int32_t block_tokens;
  std::int32_t row_units;  ///< See KvLayout.

  [[nodiscard]] RINGMASTER_KERNEL const Bf16* row(std::int32_t position) const {
    const std::int32_t block = blocks[position / block_tokens];
    return plane + block * block_stride + std::int64_t{position % block_tokens} * row_units;
  }
};

/// The scale of one row of such keys or values, from their layer's plane.
[[nodiscard]] RINGMASTER_KERNEL float scale_of_row(const Bf16* plane, const KvLayout& kv,
                                                   const std::int32_t* blocks, std::int32_t kv_head,
                                                   std::int32_t position) {
  const std::int32_t block = blocks[position / kv.block_tokens];
  const std::int64_t at = kv.scale(block, kv_head, position % kv.block_tokens);
  return *reinterpret_cast<const float*>(plane + at);
}

}  // namespace ringmaster::engine::cuda
