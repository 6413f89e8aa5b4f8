#pragma once

#include <cstdint>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/device_model.h"
#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/prefill_copies.cuh"
#include "engine/cuda/kernels/prefill_rows.cuh"
#include "engine/cuda/kernels/prefill_tile.cuh"
#include "engine/cuda/kernels/shared_matrix.h"
#include "engine/cuda/kernels/softmax_rows.cuh"
#include "engine/cuda/kernels/wgmma_products.cuh"

namespace ringmaster::engine::cuda {

/// What PrefillAttention<kDim, kGroups> does, by the products of warpgroups (sm_90a): the same
/// arguments, tiles and grid, so that either can be launched for a step. Each of kGroups groups of
/// four warps answers 64 rows; all share the tiles of keys and values. While a group turns the
/// scores of one tile into weights, the tensor cores add the values of the one before, and copies
/// bring the keys of the next and the values of this one (the order of Shah et al.,
/// "FlashAttention-3", 2024, within a warpgroup). Tiles are gathered by copies of 16 bytes: the
/// tensor memory accelerator would want a transaction for each piece of a tile that one block of
/// the cache holds, and blocks are as small as 16 rows.
template <int kDim, int kGroups>
struct WgmmaAttention {
  static_assert(has_wgmma_attention(kDim, KvType::kBf16));
  using Args = PrefillAttentionArgs;
  static constexpr int kThreads = 128 * kGroups;
  static constexpr int kGroupRows = 64;
  static constexpr int kRows = kGroups * kGroupRows;
  using Copies = PrefillCopies<kDim, kThreads, KvType::kBf16, kPanelColumns / 8>;
  using Rows = PrefillRows<kDim, 1>;
  using Products = WgmmaProducts<kDim, kRows>;
  static constexpr int kQueryChunks = kRows * Copies::kChunks;
  static constexpr int kTileChunks = Copies::kKeyChunks;
  static constexpr std::uint32_t kTileBytes = kTileChunks * 16;

  /// Queries, two tiles of keys and two of values, and what it takes to begin at a multiple of
  /// kPanelStepBytes.
  static constexpr std::int32_t shared_bytes() {
    return static_cast<std::int32_t>(kPanelStepBytes) + (kQueryChunks + 4 * kTileChunks) * 16;
  }

  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const Args& args) {
    const std::int32_t last = args.tile_starts[args.sequences] - 1;
    const PrefillTile tile = PrefillTile::find(args, last - lane.block_x(), lane.block_y(), kRows);
    const std::uint32_t begin = lane.shared_address(lane.shared());
    const std::uint32_t to_panel = (kPanelStepBytes - begin % kPanelStepBytes) % kPanelStepBytes;
    Bf16x8* queries = static_cast<Bf16x8*>(lane.shared()) + to_panel / 16;
    Bf16x8* keys = queries + kQueryChunks;
    Bf16x8* values = keys + 2 * kTileChunks;
    Copies::copy_queries(lane, args, tile, kRows, queries);
    auto places = Copies::find_places(lane, args, tile, 0);
    Copies::copy_plane(lane, args, tile, 0, places, args.keys, keys);
    lane.commit_copies();
    auto next_places = Copies::find_places(lane, args, tile, 1);
    const std::int32_t key_tiles = ceil_div(tile.keys, kPrefillTileKeys);
    // Keys of tile j and values of the one before it.
    const auto copy = [&](std::int32_t j) {
      if (j < key_tiles) {
        Copies::copy_plane(lane, args, tile, j, next_places, args.keys, keys + j % 2 * kTileChunks);
      }
      Copies::copy_plane(lane, args, tile, j - 1, places, args.values,
                         values + (j - 1) % 2 * kTileChunks);
      lane.commit_copies();
      places = next_places;
      next_places = Copies::find_places(lane, args, tile, j + 1);
    };
    copy(1);
    wait_for_copies<1>(lane);

    const std::uint32_t query_address =
        begin + to_panel + lane.thread() / 128 * (kGroupRows * kPanelRowBytes);
    const std::uint32_t key_address = lane.shared_address(keys);
    const std::uint32_t value_address = key_address + 2 * kTileBytes;
    SoftmaxRows<kDim / 8> rows[1];
    typename Products::Scores scores;
    float keep[2];
    lane.begin_products();
    Products::score(lane, query_address, key_address, scores);
    lane.template finish_products<0>(scores);
    Rows::mask(lane, tile, 0, 0, scores);
    rows[0].weigh(lane, args.scale, scores, keep);
    typename Products::Weights weights;
    // Only here, and so in the next turn, the values of the last tile are waited for: within a turn
    // the compiler moves that wait ahead of the weights.
    const auto add_last = [&] {
      lane.template finish_products<0>(rows[0].out);
      rows[0].rescale(keep);
      Products::pack(scores, weights);
    };
    for (std::int32_t j = 0; j + 1 < key_tiles; ++j) {
      add_last();
      wait_for_copies<0>(lane);
      lane.begin_products(rows[0].out, weights);
      Products::score(lane, query_address, key_address + odd(j + 1) * kTileBytes, scores);
      Products::add_values(lane, value_address + odd(j) * kTileBytes, weights, rows[0].out);
      copy(j + 2);  // What it overwrites was read by all before the last barrier.
      lane.template finish_products<1>(scores);
      Rows::mask(lane, tile, 0, (j + 1) * kPrefillTileKeys, scores);
      rows[0].weigh(lane, args.scale, scores, keep);
    }
    add_last();
    wait_for_copies<0>(lane);
    lane.begin_products(rows[0].out, weights);
    Products::add_values(lane, value_address + odd(key_tiles - 1) * kTileBytes, weights,
                         rows[0].out);
    lane.template finish_products<0>(rows[0].out);
    Rows::store(lane, args, tile, rows);
  }

 private:
  static RINGMASTER_KERNEL std::uint32_t odd(std::int32_t j) {
    return static_cast<std::uint32_t>(j) % 2;
  }

  /// All but the newest kPending groups of copies are there for everybody's products.
  template <int kPending, class Lane>
  static RINGMASTER_KERNEL void wait_for_copies(Lane& lane) {
    lane.template wait_copies<kPending>();
    lane.show_to_products();  // Of this thread's copies; the barrier is for the others'.
    lane.sync();
  }
};

}  // namespace ringmaster::engine::cuda
