#pragma once

#include <cstdint>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/decode_piece.cuh"
#include "engine/cuda/kernels/paged_rows.cuh"
#include "engine/cuda/kernels/tile_math.cuh"

namespace ringmaster::engine::cuda {

/// What a warp of decode attention reads: its queries into registers, keys and values into shared
/// memory.
template <int kDim, KvType kType>
struct DecodeCopies {
  static constexpr int kChunks = row_chunks<kDim>(kType);  ///< Of 16 bytes, in a row of the cache.
  static constexpr int kTileChunks = kDecodeTileKeys * kChunks;

  /// A fragments of the query heads; rows past head_count are zero.
  template <class Lane>
  static RINGMASTER_KERNEL void load_query(Lane& lane, const DecodeAttentionArgs& args,
                                           const DecodePiece& piece,
                                           std::uint32_t (&query)[kDim / 16][4]) {
    const int lane_index = lane.thread() % 32;
    const Bf16* base = args.query + piece.sequence * args.query_stride +
                       std::int64_t{piece.first_head} * kDim + lane_index % 4 * 2;
    RINGMASTER_UNROLL
    for (int k = 0; k < kDim / 16; ++k) {
      RINGMASTER_UNROLL
      for (int i = 0; i < 4; ++i) {
        const int row = lane_index / 4 + i % 2 * 8;
        const Bf16* from = base + row * kDim + k * 16 + i / 2 * 8;
        query[k][i] =
            row < piece.head_count ? from[0].bits | std::uint32_t{from[1].bits} << 16U : 0U;
      }
    }
  }

  /// The scale of key or value lane % 16 of the 16 keys from `first` on; 0 past the piece's end.
  template <class Lane>
  static RINGMASTER_KERNEL float load_scale(Lane& lane, const DecodeAttentionArgs& args,
                                            const DecodePiece& piece, std::int32_t first) {
    const std::int32_t key = first + lane.thread() % 16;
    if (key >= piece.end) return 0.0F;
    return scale_of_row(lane.thread() % 32 < 16 ? args.keys : args.values, args.kv,
                        args.blocks + args.table_starts[piece.sequence], piece.kv_head, key);
  }

  /// Starts the copies of 16 rows from `first` on; rows from `end` on become zero.
  template <class Lane>
  static RINGMASTER_KERNEL void copy_tile(Lane& lane, const PagedRows& rows, std::int32_t first,
                                          std::int32_t end, Bf16x8* tile) {
    for (int i = lane.thread() % 32; i < kTileChunks; i += 32) {
      const int row = i / kChunks;
      const int chunk = i % kChunks;
      const bool is_valid = first + row < end;
      const Bf16* from = rows.row(is_valid ? first + row : first);
      lane.copy_async(tile + swizzled<kChunks>(row, chunk), from + chunk * 8, is_valid);
    }
  }
};

}  // namespace ringmaster::engine::cuda
