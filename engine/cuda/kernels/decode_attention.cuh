#pragma once

#include <cstdint>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/decode_copies.cuh"
#include "engine/cuda/kernels/decode_piece.cuh"
#include "engine/cuda/kernels/e4m3_tile.cuh"
#include "engine/cuda/kernels/merge_pieces.cuh"
#include "engine/cuda/kernels/softmax_rows.cuh"
#include "engine/cuda/kernels/tile_math.cuh"

namespace ringmaster::engine::cuda {

/// One query token per sequence against its paged cache, in pieces of a fixed number of keys. The
/// query heads of a KV head share a tensor-core tile, so its keys are read once. Each warp takes
/// every fourth tile of 16 keys through its own ring of asynchronous copies; the four are merged in
/// warp order. A tile of e4m3 is widened into bfloat16 by its warp first; the keys' scales go into
/// the scores, the values' into the weights. Grid: x blocks take pieces in turn, y is (KV head,
/// tile of kTileHeads query heads).
template <int kDim, KvType kType = KvType::kBf16>
struct DecodeAttention {
  using Args = DecodeAttentionArgs;
  static constexpr int kThreads = 128;
  static constexpr int kWarps = kThreads / 32;
  using Merge = MergeWarps<kDim, kWarps>;
  static constexpr int kStages = 3;
  using Copies = DecodeCopies<kDim, kType>;
  static constexpr bool kIsScaled = kType == KvType::kE4m3;
  static constexpr int kTileChunks = Copies::kTileChunks;
  static constexpr int kWideChunks = kIsScaled ? kDecodeTileKeys * kDim / 8 : 0;

  static constexpr std::int32_t shared_bytes() {
    constexpr std::int32_t kRings = kWarps * 2 * (kStages * kTileChunks + kWideChunks) * 16;
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
    const PagedRows keys = PagedRows::of_head(args.keys, args.kv, piece.kv_head);
    const std::int64_t to_values = args.values - args.keys;
    std::uint32_t query[kDim / 16][4];
    Copies::load_query(lane, args, piece, query);

    auto* ring =
        reinterpret_cast<Bf16x8*>(lane.shared()) + warp * 2 * (kStages * kTileChunks + kWideChunks);
    [[maybe_unused]] Bf16x8* wide = ring + kStages * 2 * kTileChunks;
    float scales[kStages] = {};  // Of a key in lanes 0 to 15, of its value in the others.
    const std::int32_t tiles =
        ceil_div(ceil_div(piece.end - piece.begin, kDecodeTileKeys) - warp, kWarps);
    const auto first_key = [&](std::int32_t tile) {
      return piece.begin + (tile * kWarps + warp) * kDecodeTileKeys;
    };
    RowPlace place = Copies::find_place(lane, args, piece, first_key(0));  // Of the tile to fetch.
    const auto fetch = [&](std::int32_t tile) {
      if (tile < tiles) {
        const std::int32_t first = first_key(tile);
        Copies::copy_tile(lane, keys, to_values, place, piece.end - first,
                          ring + tile % kStages * 2 * kTileChunks);
        if constexpr (kIsScaled) {
          scales[kStages - 1] = Copies::load_scale(lane, args, piece, place, first);
        }
        place = Copies::find_place(lane, args, piece, first_key(tile + 1));
      }
      lane.commit_copies();  // An empty group too, so that the count of groups stays in step.
    };
    const auto shift = [&] {
      RINGMASTER_UNROLL
      for (int i = 0; i + 1 < kStages; ++i) scales[i] = scales[i + 1];
    };
    for (int tile = 0; tile < kStages - 1; ++tile) {
      shift();
      fetch(tile);
    }
    for (std::int32_t tile = 0; tile < tiles; ++tile) {
      lane.template wait_copies<kStages - 2>();
      lane.sync_warp();  // The whole tile is here, and the one before it has been read by all.
      shift();
      fetch(tile + kStages - 1);
      const Bf16x8* stage = ring + tile % kStages * 2 * kTileChunks;
      if constexpr (kIsScaled) {
        widen_tile<kDim, 2 * kDecodeTileKeys, 32>(lane.thread() % 32, stage, wide);
        lane.sync_warp();
        stage = wide;
      }
      float scores[1][2][4] = {};
      add_scores<kDim>(
          lane, stage, 0,
          [&](int /*row_tile*/, int k, std::uint32_t(&a)[4]) {
            RINGMASTER_UNROLL
            for (int i = 0; i < 4; ++i) a[i] = query[k][i];
          },
          scores);
      if constexpr (kIsScaled) {
        scale_columns(lane, scores[0], [&](int column) { return lane.shuffle(scales[0], column); });
      }
      hide_past_end(lane, piece.end - first_key(tile), scores[0]);
      rows[0].weigh(lane, args.scale, scores[0]);
      if constexpr (kIsScaled) {
        scale_columns(lane, scores[0],
                      [&](int column) { return lane.shuffle(scales[0], 16 + column); });
      }
      add_values<kDim>(lane, stage + kDecodeTileKeys * kDim / 8, 0, scores, 0, rows);
    }
    lane.template wait_copies<0>();
    rows[0].finish_totals(lane);
  }

  /// Of a tile's keys, the first `count` are the piece's.
  template <class Lane>
  static RINGMASTER_KERNEL void hide_past_end(Lane& lane, std::int32_t count,
                                              float (&scores)[2][4]) {
    if (count >= kDecodeTileKeys) return;
    RINGMASTER_UNROLL
    for (int t = 0; t < 2; ++t) {
      RINGMASTER_UNROLL
      for (int c = 0; c < 4; ++c) {
        if (t * 8 + lane.thread() % 4 * 2 + c % 2 >= count) scores[t][c] = kNoScore;
      }
    }
  }
};

}  // namespace ringmaster::engine::cuda
