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

/// Where a position of a sequence lies in every plane of the cache: its block and its row therein,
/// in one register. To find it takes a division and a read of the sequence's table, so one lane
/// does that for each row and hands it to those that copy parts of the row.
struct RowPlace {
  /// Rows of a block at most; there are then fewer than 2^21 blocks, since the number of a row in
  /// the whole cache is an int32 (StepLayout::kv_slots).
  static constexpr std::uint32_t kBlockRowsMax = 1024;

  std::uint32_t bits = 0;  // Without a sign: the two are taken apart by one instruction each.

  static RINGMASTER_KERNEL RowPlace find(const std::int32_t* blocks, std::int32_t block_tokens,
                                         std::int32_t position) {
    const auto block = static_cast<std::uint32_t>(blocks[position / block_tokens]);
    return {block * kBlockRowsMax + static_cast<std::uint32_t>(position % block_tokens)};
  }
  [[nodiscard]] RINGMASTER_KERNEL std::uint32_t block() const { return bits / kBlockRowsMax; }
  [[nodiscard]] RINGMASTER_KERNEL std::uint32_t row() const { return bits % kBlockRowsMax; }
};

/// The rows of one KV head in one plane of the cache.
struct PagedRows {
  const Bf16* plane;           ///< The layer's keys or values, at the head's part of block 0.
  std::uint32_t block_stride;  ///< As the next one in units, see KvLayout.
  std::uint32_t row_stride;

  static RINGMASTER_KERNEL PagedRows of_head(const Bf16* plane, const KvLayout& kv,
                                             std::int32_t kv_head) {
    return {plane + kv.row(0, kv_head, 0), static_cast<std::uint32_t>(kv.block_stride()),
            static_cast<std::uint32_t>(kv.row_units())};
  }
  /// Chunk `chunk` of the row, of 16 bytes.
  [[nodiscard]] RINGMASTER_KERNEL const Bf16* at(RowPlace place, int chunk) const {
    return plane + std::uint64_t{place.block()} * block_stride +
           (place.row() * row_stride + static_cast<std::uint32_t>(chunk) * 8);
  }
};

/// The scale of one row of such keys or values, from their layer's plane.
[[nodiscard]] RINGMASTER_KERNEL float scale_of_row(const Bf16* plane, const KvLayout& kv,
                                                   std::int32_t kv_head, RowPlace place) {
  const auto block = static_cast<std::int32_t>(place.block());
  const auto row = static_cast<std::int32_t>(place.row());
  return *reinterpret_cast<const float*>(plane + kv.scale(block, kv_head, row));
}

}  // namespace ringmaster::engine::cuda
