#pragma once

#include <cstdint>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/prefill_tile.cuh"
#include "engine/cuda/kernels/tile_math.cuh"

namespace ringmaster::engine::cuda {

/// The queries of prefill chunks against their paged cache: causal, offset by what was computed
/// before. Four warps with 16 * kRowTiles rows each share the tiles of keys, two of which are in
/// flight. Grid: x is the tile, later ones (with more keys) first; y is the KV head.
template <int kDim, int kRowTiles>
struct PrefillAttention {
  using Args = PrefillAttentionArgs;
  static constexpr int kThreads = 128;
  static constexpr int kWarps = kThreads / 32;
  static constexpr int kWarpRows = 16 * kRowTiles;
  static constexpr int kRows = kWarps * kWarpRows;
  using Copies = PrefillCopies<kDim, kThreads>;
  static constexpr int kChunks = Copies::kChunks;
  static constexpr int kStageChunks = 2 * Copies::kKeyChunks;  // Keys, then values.
  static constexpr int kStepKeys = 32;  // Scored together; more would not fit the registers.

  static constexpr std::int32_t shared_bytes() { return (kRows * kChunks + 2 * kStageChunks) * 16; }

  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const Args& args) {
    const std::int32_t last = args.tile_starts[args.sequences] - 1;
    const PrefillTile tile = PrefillTile::find(args, last - lane.block_x(), lane.block_y(), kRows);
    auto* queries = reinterpret_cast<Bf16x8*>(lane.shared());
    Bf16x8* ring = queries + kRows * kChunks;
    Copies::copy_queries(lane, args, tile, kRows, queries);
    Copies::copy_keys(lane, args, tile, 0, ring);
    lane.commit_copies();

    SoftmaxRows<kDim / 8> rows[kRowTiles];
    const std::int32_t key_tiles = ceil_div(tile.keys, kPrefillTileKeys);
    for (std::int32_t j = 0; j < key_tiles; ++j) {
      if (j + 1 < key_tiles) {
        Copies::copy_keys(lane, args, tile, j + 1, ring + (j + 1) % 2 * kStageChunks);
        lane.commit_copies();
        lane.template wait_copies<1>();
      } else {
        lane.template wait_copies<0>();
      }
      lane.sync();
      const Bf16x8* stage = ring + j % 2 * kStageChunks;
      RINGMASTER_UNROLL
      for (int key = 0; key < kPrefillTileKeys; key += kStepKeys) {
        attend(lane, args, tile, queries, stage, j * kPrefillTileKeys, key, rows);
      }
      lane.sync();  // Before the next copies overwrite what was read here.
    }
    store(lane, args, tile, rows);
  }

 private:
  /// The row of the tile that this lane's row `half` of row tile `r` is.
  template <class Lane>
  static RINGMASTER_KERNEL std::int32_t row_index(Lane& lane, int r, int half) {
    return lane.thread() / 32 * kWarpRows + r * 16 + half * 8 + lane.thread() % 32 / 4;
  }

  /// Scores keys [key, key + kStepKeys) of the tile that begins with key `first` and adds values.
  template <class Lane>
  static RINGMASTER_KERNEL void attend(Lane& lane, const Args& args, const PrefillTile& tile,
                                       const Bf16x8* queries, const Bf16x8* stage,
                                       std::int32_t first, int key,
                                       SoftmaxRows<kDim / 8> (&rows)[kRowTiles]) {
    const int lane_index = lane.thread() % 32;
    const int query_row = lane.thread() / 32 * kWarpRows + lane_index % 16;
    float scores[kRowTiles][kStepKeys / 8][4] = {};
    RINGMASTER_UNROLL
    for (int t = 0; t < kStepKeys / 16; ++t) {
      add_scores<kDim>(
          lane, stage, key + t * 16,
          [&](int r, int k, std::uint32_t(&a)[4]) {
            const int row = query_row + r * 16;
            lane.load_matrix(a, queries + swizzled<kChunks>(row, k * 2 + lane_index / 16));
          },
          scores, t);
    }
    RINGMASTER_UNROLL
    for (int r = 0; r < kRowTiles; ++r) {
      mask(lane, tile, r, first + key, args.scale, scores[r]);
      rows[r].weigh(lane, scores[r]);
    }
    RINGMASTER_UNROLL
    for (int t = 0; t < kStepKeys / 16; ++t) {
      add_values<kDim>(lane, stage + Copies::kKeyChunks, key + t * 16, scores, t, rows);
    }
  }

  /// Scales the scores of keys from `first` on; those a row does not see become none.
  template <class Lane>
  static RINGMASTER_KERNEL void mask(Lane& lane, const PrefillTile& tile, int r, std::int32_t first,
                                     float scale, float (&scores)[kStepKeys / 8][4]) {
    RINGMASTER_UNROLL
    for (int half = 0; half < 2; ++half) {
      const std::int32_t limit = tile.limit(row_index(lane, r, half));
      const std::int32_t seen = limit - first - lane.thread() % 4 * 2;
      RINGMASTER_UNROLL
      for (int t = 0; t < kStepKeys / 8; ++t) {
        RINGMASTER_UNROLL
        for (int c = 0; c < 2; ++c) {
          float& score = scores[t][2 * half + c];
          score = t * 8 + c < seen ? score * scale : kNoScore;
        }
      }
    }
  }

  template <class Lane>
  static RINGMASTER_KERNEL void store(Lane& lane, const Args& args, const PrefillTile& tile,
                                      SoftmaxRows<kDim / 8> (&rows)[kRowTiles]) {
    RINGMASTER_UNROLL
    for (int r = 0; r < kRowTiles; ++r) {
      rows[r].finish_totals(lane);
      RINGMASTER_UNROLL
      for (int half = 0; half < 2; ++half) {
        const PrefillRow row = tile.row(row_index(lane, r, half));
        if (!row.is_valid) continue;
        Bf16* out = args.out + (tile.token(args, row) * args.heads + tile.head(row)) * kDim;
        auto* to = reinterpret_cast<std::uint32_t*>(out + lane.thread() % 4 * 2);
        const float by = 1.0F / rows[r].total[half];
        RINGMASTER_UNROLL
        for (int t = 0; t < kDim / 8; ++t) {
          to[t * 4] = packed(rows[r].out[t][2 * half] * by, rows[r].out[t][2 * half + 1] * by);
        }
      }
    }
  }
};

}  // namespace ringmaster::engine::cuda
