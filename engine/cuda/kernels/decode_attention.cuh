#pragma once

#include <cstdint>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/decode_piece.cuh"
#include "engine/cuda/kernels/merge_pieces.cuh"
#include "engine/cuda/kernels/tile_math.cuh"

namespace ringmaster::engine::cuda {

/// One query token per sequence against its paged cache, in pieces of a fixed number of keys. The
/// query heads of a KV head share a tensor-core tile, so its keys are read once. Each warp takes
/// every fourth tile of 16 keys through its own ring of asynchronous copies; the four are merged in
/// warp order. Grid: x blocks take pieces in turn, y is (KV head, tile of kTileHeads query heads).
template <int kDim>
struct DecodeAttention {
  using Args = DecodeAttentionArgs;
  static constexpr int kThreads = 128;
  static constexpr int kWarps = kThreads / 32;
  using Merge = MergeWarps<kDim, kWarps>;
  static constexpr int kStages = 3;
  static constexpr int kChunks = kDim / 8;  // Of 16 bytes, in a row.
  static constexpr int kTileChunks = kDecodeTileKeys * kChunks;

  static constexpr std::int32_t shared_bytes() {
    constexpr std::int32_t kRings = kWarps * kStages * 2 * kTileChunks * 16;
    constexpr std::int32_t kMerge = Merge::shared_bytes();
    return kRings > kMerge ? kRings : kMerge;
  }

  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const Args& args) {
    const std::int32_t items = args.chunk_starts[args.sequences];
    for (std::int32_t item = lane.block_x(); item < items; item += lane.grid_x()) {
      const DecodePiece piece = DecodePiece::find(args, item, lane.block_y());
      SoftmaxRows<kDim / 8> rows[1];
      attend(lane, args, piece, rows);
      lane.sync();  // All rings are read before they become the place to merge in.
      Merge::run(lane, args, piece, rows[0]);
      lane.sync();
    }
  }

 private:
  template <class Lane>
  static RINGMASTER_KERNEL void attend(Lane& lane, const Args& args, const DecodePiece& piece,
                                       SoftmaxRows<kDim / 8> (&rows)[1]) {
    const int warp = lane.thread() / 32;
    const std::int64_t plane = args.kv.row(0, piece.kv_head, 0);
    const std::int32_t* table = args.blocks + args.table_starts[piece.sequence];
    const PagedRows keys{args.keys + plane, table, args.kv.block_stride(), args.kv.block_tokens,
                         kDim};
    const PagedRows values{args.values + plane, table, args.kv.block_stride(), args.kv.block_tokens,
                           kDim};
    std::uint32_t query[kDim / 16][4];
    load_query(lane, args, piece, query);

    auto* ring = reinterpret_cast<Bf16x8*>(lane.shared()) + warp * kStages * 2 * kTileChunks;
    const std::int32_t tiles =
        ceil_div(ceil_div(piece.end - piece.begin, kDecodeTileKeys) - warp, kWarps);
    const auto fetch = [&](std::int32_t tile) {
      if (tile < tiles) {
        Bf16x8* stage = ring + tile % kStages * 2 * kTileChunks;
        const std::int32_t first = piece.begin + (tile * kWarps + warp) * kDecodeTileKeys;
        copy_tile(lane, keys, first, piece.end, stage);
        copy_tile(lane, values, first, piece.end, stage + kTileChunks);
      }
      lane.commit_copies();  // An empty group too, so that the count of groups stays in step.
    };
    for (int tile = 0; tile < kStages - 1; ++tile) fetch(tile);
    for (std::int32_t tile = 0; tile < tiles; ++tile) {
      lane.template wait_copies<kStages - 2>();
      lane.sync_warp();  // The whole tile is here, and the one before it has been read by all.
      fetch(tile + kStages - 1);
      const Bf16x8* stage = ring + tile % kStages * 2 * kTileChunks;
      const std::int32_t first = piece.begin + (tile * kWarps + warp) * kDecodeTileKeys;
      float scores[1][2][4] = {};
      add_scores<kDim>(
          lane, stage, 0,
          [&](int /*row_tile*/, int k, std::uint32_t(&a)[4]) {
            RINGMASTER_UNROLL
            for (int i = 0; i < 4; ++i) a[i] = query[k][i];
          },
          scores, 0);
      RINGMASTER_UNROLL
      for (int t = 0; t < 2; ++t) {
        RINGMASTER_UNROLL
        for (int c = 0; c < 4; ++c) {
          const std::int32_t key = first + t * 8 + lane.thread() % 4 * 2 + c % 2;
          scores[0][t][c] = key < piece.end ? scores[0][t][c] * args.scale : kNoScore;
        }
      }
      rows[0].weigh(lane, scores[0]);
      add_values<kDim>(lane, stage + kTileChunks, 0, scores, 0, rows);
    }
    lane.template wait_copies<0>();
    rows[0].finish_totals(lane);
  }

  /// A fragments of the query heads; rows past head_count are zero.
  template <class Lane>
  static RINGMASTER_KERNEL void load_query(Lane& lane, const Args& args, const DecodePiece& piece,
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
