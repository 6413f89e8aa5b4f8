#pragma once

#include <cstdint>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/e4m3_tile.cuh"
#include "engine/cuda/kernels/prefill_copies.cuh"
#include "engine/cuda/kernels/prefill_rows.cuh"
#include "engine/cuda/kernels/prefill_tile.cuh"
#include "engine/cuda/kernels/softmax_rows.cuh"
#include "engine/cuda/kernels/tile_math.cuh"

namespace ringmaster::engine::cuda {

/// The queries of prefill chunks against their paged cache: causal, offset by what was computed
/// before. Four warps with 16 * kRowTiles rows each share the tiles of keys, two of which are in
/// flight; one of e4m3 is widened into bfloat16 before it is used. Grid: x is the tile, later ones
/// (with more keys) first; y is the KV head.
template <int kDim, int kRowTiles, KvType kType = KvType::kBf16>
struct PrefillAttention {
  using Args = PrefillAttentionArgs;
  static constexpr int kThreads = 128;
  static constexpr int kWarps = kThreads / 32;
  static constexpr int kWarpRows = PrefillRows<kDim, kRowTiles>::kWarpRows;
  static constexpr int kRows = kWarps * kWarpRows;
  using Copies = PrefillCopies<kDim, kThreads, kType>;
  using Rows = PrefillRows<kDim, kRowTiles>;
  static constexpr bool kIsScaled = kType == KvType::kE4m3;
  static constexpr int kChunks = Copies::kChunks;
  static constexpr int kWideKeyChunks = kPrefillTileKeys * kChunks;
  static constexpr int kStageChunks = 2 * Copies::kKeyChunks;  // Keys, then values.
  static constexpr int kStepKeys = 32;  // Scored together; more would not fit the registers.

  static constexpr std::int32_t shared_bytes() {
    constexpr std::int32_t kScaled =
        kIsScaled ? 2 * (kWideKeyChunks * 16 + kPrefillTileKeys * 4) : 0;
    return (kRows * kChunks + 2 * kStageChunks) * 16 + kScaled;
  }

  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const Args& args) {
    const std::int32_t last = args.tile_starts[args.sequences] - 1;
    const PrefillTile tile = PrefillTile::find(args, last - lane.block_x(), lane.block_y(), kRows);
    auto* queries = reinterpret_cast<Bf16x8*>(lane.shared());
    Bf16x8* ring = queries + kRows * kChunks;
    Copies::copy_queries(lane, args, tile, kRows, queries);
    auto places = Copies::find_places(lane, args, tile, 0);  // Of the tile to come.
    Copies::copy_keys_and_values(lane, args, tile, 0, places, ring);
    lane.commit_copies();

    static_assert(kThreads == 2 * kPrefillTileKeys);  // A scale for each thread.
    [[maybe_unused]] auto* scales =
        reinterpret_cast<float*>(ring + 2 * (kStageChunks + kWideKeyChunks));
    [[maybe_unused]] float scale = 0.0F;  // Of the tile to come.
    if constexpr (kIsScaled) scale = Copies::load_scale(lane, args, tile, 0, places);
    places = Copies::find_places(lane, args, tile, 1);
    SoftmaxRows<kDim / 8> rows[kRowTiles];
    const std::int32_t key_tiles = ceil_div(tile.keys, kPrefillTileKeys);
    for (std::int32_t j = 0; j < key_tiles; ++j) {
      if (j + 1 < key_tiles) {
        Copies::copy_keys_and_values(lane, args, tile, j + 1, places,
                                     ring + (j + 1) % 2 * kStageChunks);
        lane.commit_copies();
        lane.template wait_copies<1>();
      } else {
        lane.template wait_copies<0>();
      }
      lane.sync();
      const Bf16x8* stage = ring + j % 2 * kStageChunks;
      if constexpr (kIsScaled) {
        Bf16x8* wide = ring + 2 * kStageChunks;
        widen_tile<kDim, 2 * kPrefillTileKeys, kThreads>(lane.thread(), stage, wide);
        scales[lane.thread()] = scale;
        lane.sync();
        stage = wide;
      }
      RINGMASTER_NO_UNROLL  // Two steps at once would not fit the registers either.
          for (int key = 0; key < kPrefillTileKeys; key += kStepKeys) {
        attend(lane, args, tile, queries, stage, scales, j * kPrefillTileKeys, key, rows);
      }
      if constexpr (kIsScaled) scale = Copies::load_scale(lane, args, tile, j + 1, places);
      places = Copies::find_places(lane, args, tile, j + 2);
      lane.sync();  // Before the next copies overwrite what was read here.
    }
    Rows::store(lane, args, tile, rows);
  }

 private:
  /// Scores keys [key, key + kStepKeys) of the tile that begins with key `first` and adds values.
  /// `scales`, only of e4m3: of the tile's keys, then of its values.
  template <class Lane>
  static RINGMASTER_KERNEL void attend(Lane& lane, const Args& args, const PrefillTile& tile,
                                       const Bf16x8* queries, const Bf16x8* stage,
                                       [[maybe_unused]] const float* scales, std::int32_t first,
                                       int key, SoftmaxRows<kDim / 8> (&rows)[kRowTiles]) {
    const int lane_index = lane.thread() % 32;
    const int query_row = lane.thread() / 32 * kWarpRows + lane_index % 16;
    const int start = lane.fresh(swizzled<kChunks>(query_row, lane_index / 16));
    float scores[kRowTiles][kStepKeys / 8][4] = {};
    add_scores<kDim>(
        lane, stage, key,
        [&](int r, int k, std::uint32_t(&a)[4]) {
          lane.load_matrix(a, queries + moved<kChunks>(start, k * 2, r * 16));
        },
        scores);
    RINGMASTER_UNROLL
    for (int r = 0; r < kRowTiles; ++r) {
      if constexpr (kIsScaled) {
        scale_columns(lane, scores[r], [&](int c) { return scales[key + c]; });
      }
      Rows::mask(lane, tile, r, first + key, scores[r]);
      rows[r].weigh(lane, args.scale, scores[r]);
      if constexpr (kIsScaled) {
        scale_columns(lane, scores[r], [&](int c) { return scales[kPrefillTileKeys + key + c]; });
      }
    }
    RINGMASTER_UNROLL
    for (int t = 0; t < kStepKeys / 16; ++t) {
      add_values<kDim>(lane, stage + kWideKeyChunks, key + t * 16, scores, t, rows);
    }
  }
};

}  // namespace ringmaster::engine::cuda
