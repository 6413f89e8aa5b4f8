#pragma once

#include <cstdint>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/prefill_copies.cuh"
#include "engine/cuda/kernels/prefill_rows.cuh"
#include "engine/cuda/kernels/prefill_tile.cuh"
#include "engine/cuda/kernels/shared_matrix.h"
#include "engine/cuda/kernels/softmax_rows.cuh"

namespace ringmaster::engine::cuda {

/// Whether there is a kernel of warpgroups for such heads and such a cache.
[[nodiscard]] constexpr bool has_wgmma_attention(std::int32_t head_dim, KvType type) {
  return (head_dim == 64 || head_dim == 128) && type == KvType::kBf16;
}

/// What PrefillAttention<kDim, kGroups> does, by the products of warpgroups (sm_90a): the same
/// arguments, tiles and grid, so that either can be launched for a step. Each of kGroups groups of
/// four warps answers 64 rows; all share the tiles of keys and values, two of which are in flight.
/// These are gathered by copies of 16 bytes: the tensor memory accelerator would want a transaction
/// for each piece of a tile that one block of the cache holds, and blocks are as small as 16 rows.
template <int kDim, int kGroups>
struct WgmmaAttention {
  static_assert(has_wgmma_attention(kDim, KvType::kBf16));
  using Args = PrefillAttentionArgs;
  static constexpr int kThreads = 128 * kGroups;
  static constexpr int kGroupRows = 64;
  static constexpr int kRows = kGroups * kGroupRows;
  static constexpr int kPanels = kDim / kPanelColumns;
  using Copies = PrefillCopies<kDim, kThreads, KvType::kBf16, kPanelColumns / 8>;
  using Rows = PrefillRows<kDim, 1>;
  static constexpr int kQueryChunks = kRows * Copies::kChunks;
  static constexpr int kStageChunks = 2 * Copies::kKeyChunks;  // Keys, then values.
  static constexpr std::uint32_t kKeyPanelBytes = kPrefillTileKeys * kPanelRowBytes;
  static constexpr std::uint32_t kQueryPanelBytes = kRows * kPanelRowBytes;

  /// With what it takes to begin at a multiple of kPanelStepBytes.
  static constexpr std::int32_t shared_bytes() {
    return static_cast<std::int32_t>(kPanelStepBytes) + (kQueryChunks + 2 * kStageChunks) * 16;
  }

  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const Args& args) {
    const std::int32_t last = args.tile_starts[args.sequences] - 1;
    const PrefillTile tile = PrefillTile::find(args, last - lane.block_x(), lane.block_y(), kRows);
    const std::uint32_t begin = lane.shared_address(lane.shared());
    const std::uint32_t to_panel = (kPanelStepBytes - begin % kPanelStepBytes) % kPanelStepBytes;
    Bf16x8* queries = static_cast<Bf16x8*>(lane.shared()) + to_panel / 16;
    Bf16x8* ring = queries + kQueryChunks;
    Copies::copy_queries(lane, args, tile, kRows, queries);
    auto places = Copies::find_places(lane, args, tile, 0);  // Of the tile to come.
    Copies::copy_keys(lane, args, tile, 0, places, ring);
    lane.commit_copies();
    places = Copies::find_places(lane, args, tile, 1);

    const std::uint32_t query_address =
        begin + to_panel + lane.thread() / 128 * (kGroupRows * kPanelRowBytes);
    const std::uint32_t ring_address = lane.shared_address(ring);
    SoftmaxRows<kDim / 8> rows[1];
    const std::int32_t key_tiles = ceil_div(tile.keys, kPrefillTileKeys);
    for (std::int32_t j = 0; j < key_tiles; ++j) {
      if (j + 1 < key_tiles) {
        Copies::copy_keys(lane, args, tile, j + 1, places, ring + (j + 1) % 2 * kStageChunks);
        lane.commit_copies();
        places = Copies::find_places(lane, args, tile, j + 2);
        lane.template wait_copies<1>();
      } else {
        lane.template wait_copies<0>();
      }
      lane.show_to_products();  // Of this thread's copies; the barrier is for the others'.
      lane.sync();
      const std::uint32_t keys = ring_address + static_cast<std::uint32_t>(j % 2) * kStageBytes;
      float scores[kPrefillTileKeys / 8][4];
      score(lane, query_address, keys, scores);
      Rows::mask(lane, tile, 0, j * kPrefillTileKeys, scores);
      rows[0].weigh(lane, args.scale, scores);
      add_values(lane, keys + kStageBytes / 2, scores, rows[0].out);
      lane.sync();  // Before the next copies overwrite what was read here.
    }
    Rows::store(lane, args, tile, rows);
  }

 private:
  static constexpr std::uint32_t kStageBytes = kStageChunks * 16;

  /// Scores of the group's rows and all keys of the tile.
  template <class Lane>
  static RINGMASTER_KERNEL void score(Lane& lane, std::uint32_t queries, std::uint32_t keys,
                                      float (&scores)[kPrefillTileKeys / 8][4]) {
    lane.begin_products();
    RINGMASTER_UNROLL
    for (int k = 0; k < kDim / 16; ++k) {
      const std::uint32_t panel = k * 16 / kPanelColumns;
      const std::uint32_t column = k * 16 % kPanelColumns * 2;
      lane.multiply_matrices(scores, matrix_of_rows(queries + panel * kQueryPanelBytes + column),
                             matrix_of_rows(keys + panel * kKeyPanelBytes + column), k > 0);
    }
    lane.commit_products();
    lane.finish_products(scores);
  }

  /// Adds the tile's values, weighted by the scores.
  template <class Lane>
  static RINGMASTER_KERNEL void add_values(Lane& lane, std::uint32_t values,
                                           const float (&scores)[kPrefillTileKeys / 8][4],
                                           float (&out)[kDim / 8][4]) {
    std::uint32_t weights[kPrefillTileKeys / 16][4];
    RINGMASTER_UNROLL
    for (int t = 0; t < kPrefillTileKeys / 16; ++t) {
      RINGMASTER_UNROLL
      for (int i = 0; i < 4; ++i) {
        const float* pair = &scores[2 * t + i / 2][i % 2 * 2];
        weights[t][i] = packed(pair[0], pair[1]);
      }
    }
    lane.begin_products(out, weights);
    RINGMASTER_UNROLL
    for (int t = 0; t < kPrefillTileKeys / 16; ++t) {
      lane.add_weighted_rows(out, weights[t],
                             matrix_of_columns(values + t * 16 * kPanelRowBytes, kKeyPanelBytes));
    }
    lane.commit_products();
    lane.finish_products(out);
  }
};

}  // namespace ringmaster::engine::cuda
