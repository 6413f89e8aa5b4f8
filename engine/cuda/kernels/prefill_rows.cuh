#pragma once

#include <cstdint>

#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/prefill_tile.cuh"
#include "engine/cuda/kernels/softmax_rows.cuh"

namespace ringmaster::engine::cuda {

/// The kRowTiles tiles of 16 query rows that a warp of prefill attention answers.
template <int kDim, int kRowTiles>
struct PrefillRows {
  static constexpr int kWarpRows = 16 * kRowTiles;

  /// The row of the tile that this lane's row `half` of row tile `r` is.
  template <class Lane>
  static RINGMASTER_KERNEL std::int32_t row_index(Lane& lane, int r, int half) {
    return lane.thread() / 32 * kWarpRows + r * 16 + half * 8 + lane.thread() % 32 / 4;
  }

  /// Scores of keys from `first` on that a row does not see become none.
  template <int kTiles, class Lane>
  static RINGMASTER_KERNEL void mask(Lane& lane, const PrefillTile& tile, int r, std::int32_t first,
                                     float (&scores)[kTiles][4]) {
    if (first + kTiles * 8 <= tile.common) return;
    RINGMASTER_UNROLL
    for (int half = 0; half < 2; ++half) {
      const std::int32_t limit = tile.limit(row_index(lane, r, half));
      const std::int32_t seen = limit - first - lane.thread() % 4 * 2;
      RINGMASTER_UNROLL
      for (int t = 0; t < kTiles; ++t) {
        RINGMASTER_UNROLL
        for (int c = 0; c < 2; ++c) {
          if (t * 8 + c >= seen) scores[t][2 * half + c] = kNoScore;
        }
      }
    }
  }

  template <class Lane>
  static RINGMASTER_KERNEL void store(Lane& lane, const PrefillAttentionArgs& args,
                                      const PrefillTile& tile,
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
