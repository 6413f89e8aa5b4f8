#pragma once

#include <cstdint>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/paged_rows.cuh"
#include "engine/cuda/kernels/prefill_tile.cuh"
#include "engine/cuda/kernels/tile_math.cuh"
#include "engine/cuda/kv_layout.h"

namespace ringmaster::engine::cuda {

/// Asynchronous copies of a tile's queries and keys into swizzled rows of kDim elements in shared
/// memory, by kThreads threads together; what is past the end becomes zero. Rows longer than
/// kPanelChunks chunks lie in several panels of that width, one behind the other.
template <int kDim, int kThreads, KvType kType, int kPanelChunks = 16>
struct PrefillCopies {
  static constexpr int kChunks = kDim / 8;                   ///< Of 16 bytes, in a row of queries.
  static constexpr int kKvChunks = row_chunks<kDim>(kType);  ///< In a row of the cache.
  static constexpr int kKeyChunks = kPrefillTileKeys * kKvChunks;

  template <class Lane>
  static RINGMASTER_KERNEL void copy_queries(Lane& lane, const PrefillAttentionArgs& args,
                                             const PrefillTile& tile, std::int32_t rows,
                                             Bf16x8* queries) {
    for (int i = lane.thread(); i < rows * kChunks; i += kThreads) {
      const PrefillRow row = tile.row(i / kChunks);
      const Bf16* from =
          args.query + tile.token(args, row) * args.query_stride + tile.head(row) * kDim;
      lane.copy_async(queries + place_in_panels<kChunks>(rows, i / kChunks, i % kChunks),
                      from + i % kChunks * 8, row.is_valid);
    }
  }

  /// Of what a lane hands to others: keys lane and 32 + lane of a tile.
  struct Places {
    RowPlace at[2];
  };
  static_assert(kPrefillTileKeys == 64);

  /// Of tile `index`; past the end, of the last key.
  template <class Lane>
  static RINGMASTER_KERNEL Places find_places(Lane& lane, const PrefillAttentionArgs& args,
                                              const PrefillTile& tile, std::int32_t index) {
    const std::int32_t* table = args.blocks + args.table_starts[tile.sequence];
    Places places;
    RINGMASTER_UNROLL
    for (int half = 0; half < 2; ++half) {
      const std::int32_t key = index * kPrefillTileKeys + half * 32 + lane.thread() % 32;
      places.at[half] = RowPlace::find(table, lane.fresh(args.kv.block_tokens),
                                       key < tile.keys ? key : tile.keys - 1);
    }
    return places;
  }

  /// Keys [index, index + 1) * kPrefillTileKeys, whose places are given, and after their kKeyChunks
  /// chunks the values.
  template <class Lane>
  static RINGMASTER_KERNEL void copy_keys_and_values(Lane& lane, const PrefillAttentionArgs& args,
                                                     const PrefillTile& tile, std::int32_t index,
                                                     const Places& places, Bf16x8* stage) {
    copy_planes<2>(lane, args, tile, index, places, args.keys, stage);
  }

  /// The same of `plane` alone: args.keys or args.values.
  template <class Lane>
  static RINGMASTER_KERNEL void copy_plane(Lane& lane, const PrefillAttentionArgs& args,
                                           const PrefillTile& tile, std::int32_t index,
                                           const Places& places, const Bf16* plane, Bf16x8* to) {
    copy_planes<1>(lane, args, tile, index, places, plane, to);
  }

  /// The scale of key thread % kPrefillTileKeys of tile `index`, whose places are given, or, in the
  /// threads after those, of its value; 0 past the end.
  template <class Lane>
  static RINGMASTER_KERNEL float load_scale(Lane& lane, const PrefillAttentionArgs& args,
                                            const PrefillTile& tile, std::int32_t index,
                                            const Places& places) {
    const int key = lane.thread() % kPrefillTileKeys;
    if (index * kPrefillTileKeys + key >= tile.keys) return 0.0F;
    return scale_of_row(lane.thread() < kPrefillTileKeys ? args.keys : args.values, args.kv,
                        tile.kv_head, {key < 32 ? places.at[0].bits : places.at[1].bits});
  }

 private:
  template <int kPlanes, class Lane>
  static RINGMASTER_KERNEL void copy_planes(Lane& lane, const PrefillAttentionArgs& args,
                                            const PrefillTile& tile, std::int32_t index,
                                            const Places& places, const Bf16* plane,
                                            Bf16x8* stage) {
    constexpr int kRowsAtOnce = kThreads / kKvChunks;
    const PagedRows rows = PagedRows::of_head(plane, args.kv, tile.kv_head);
    const std::int64_t to_values = args.values - args.keys;
    const std::int32_t count = tile.keys - index * kPrefillTileKeys;
    static_assert(kRowsAtOnce % 8 == 0);  // The swizzle is the same in all rows of a thread.
    const int thread = lane.fresh(lane.thread());
    const int chunk = thread % kKvChunks;
    stage += place_in_panels<kKvChunks>(kPrefillTileKeys, thread / kKvChunks, chunk);
    RINGMASTER_UNROLL
    for (int first = 0; first < kPrefillTileKeys; first += kRowsAtOnce) {
      const int row = first + thread / kKvChunks;
      if (kRowsAtOnce > kPrefillTileKeys && row >= kPrefillTileKeys) return;  // Whole warps leave.
      // The rows of a warp are all among the first 32 or among the others.
      const std::uint32_t own = row < 32 ? places.at[0].bits : places.at[1].bits;
      const Bf16* from = rows.at({lane.shuffle(own, row % 32)}, chunk);
      Bf16x8* to = stage + first * kPanelWidth<kKvChunks>;
      lane.copy_async(to, from, row < count);
      if constexpr (kPlanes > 1) lane.copy_async(to + kKeyChunks, from + to_values, row < count);
    }
  }

  template <int kRowChunks>
  static constexpr int kPanelWidth = kRowChunks < kPanelChunks ? kRowChunks : kPanelChunks;

  template <int kRowChunks>
  static RINGMASTER_KERNEL int place_in_panels(int rows, int row, int chunk) {
    constexpr int kWidth = kPanelWidth<kRowChunks>;
    return chunk / kWidth * rows * kWidth + swizzled<kWidth>(row, chunk % kWidth);
  }
};

}  // namespace ringmaster::engine::cuda
