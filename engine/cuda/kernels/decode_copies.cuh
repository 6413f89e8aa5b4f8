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
        query[k][i] = row < piece.head_count ? *reinterpret_cast<const std::uint32_t*>(from) : 0U;
      }
    }
  }

  /// Of key lane % 16 of the 16 from `first` on, or the piece's last one if it ends before.
  template <class Lane>
  static RINGMASTER_KERNEL RowPlace find_place(Lane& lane, const DecodeAttentionArgs& args,
                                               const DecodePiece& piece, std::int32_t first) {
    const std::int32_t key = first + lane.thread() % 16;
    return RowPlace::find(args.blocks + args.table_starts[piece.sequence], args.kv.block_tokens,
                          key < piece.end ? key : piece.end - 1);
  }

  /// The scale of key or value lane % 16 of the 16 keys from `first` on, of which `place` is; 0
  /// past the piece's end.
  template <class Lane>
  static RINGMASTER_KERNEL float load_scale(Lane& lane, const DecodeAttentionArgs& args,
                                            const DecodePiece& piece, RowPlace place,
                                            std::int32_t first) {
    if (first + lane.thread() % 16 >= piece.end) return 0.0F;
    return scale_of_row(lane.thread() % 32 < 16 ? args.keys : args.values, args.kv, piece.kv_head,
                        place);
  }

  /// Starts the copies of 16 rows of keys into `tile` and of values behind them; lane i has the
  /// place of row i % 16. Rows from `count` on become zero.
  template <class Lane>
  static RINGMASTER_KERNEL void copy_tile(Lane& lane, const PagedRows& keys, std::int64_t to_values,
                                          RowPlace place, std::int32_t count, Bf16x8* tile) {
    constexpr int kRowsAtOnce = 32 / kChunks;
    const int lane_index = lane.fresh(lane.thread() % 32);
    const int chunk = lane_index % kChunks;
    const int start = swizzled<kChunks>(lane_index / kChunks, chunk);
    RINGMASTER_UNROLL
    for (int first = 0; first < kDecodeTileKeys; first += kRowsAtOnce) {
      const int row = first + lane_index / kChunks;
      const Bf16* from = keys.at({lane.shuffle(place.bits, row)}, chunk);
      if (kRowsAtOnce > kDecodeTileKeys && row >= kDecodeTileKeys) continue;
      Bf16x8* to = tile + moved<kChunks>(start, first & kSwizzleMask<kChunks>, first);
      lane.copy_async(to, from, row < count);
      lane.copy_async(to + kTileChunks, from + to_values, row < count);
    }
  }
};

}  // namespace ringmaster::engine::cuda
