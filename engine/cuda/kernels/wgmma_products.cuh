#pragma once

#include <cstdint>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/shared_matrix.h"

namespace ringmaster::engine::cuda {

/// The products of a warpgroup of prefill attention: of 64 of the block's kRows rows of queries,
/// kPrefillTileKeys keys and their values, all in panels. What is begun has to be finished before
/// its registers or its shared memory are touched.
template <int kDim, int kRows>
struct WgmmaProducts {
  using Scores = float[kPrefillTileKeys / 8][4];
  using Weights = std::uint32_t[kPrefillTileKeys / 16][4];
  static constexpr std::uint32_t kKeyPanelBytes = kPrefillTileKeys * kPanelRowBytes;
  static constexpr std::uint32_t kQueryPanelBytes = kRows * kPanelRowBytes;

  /// Begins the scores of the group's rows and all keys of the tile.
  template <class Lane>
  static RINGMASTER_KERNEL void score(Lane& lane, std::uint32_t queries, std::uint32_t keys,
                                      Scores& scores) {
    RINGMASTER_UNROLL
    for (int k = 0; k < kDim / 16; ++k) {
      const std::uint32_t panel = k * 16 / kPanelColumns;
      const std::uint32_t column = k * 16 % kPanelColumns * 2;
      lane.multiply_matrices(scores, matrix_of_rows(queries + panel * kQueryPanelBytes + column),
                             matrix_of_rows(keys + panel * kKeyPanelBytes + column), k > 0);
    }
    lane.commit_products();
  }

  static RINGMASTER_KERNEL void pack(const Scores& scores, Weights& weights) {
    RINGMASTER_UNROLL
    for (int t = 0; t < kPrefillTileKeys / 16; ++t) {
      RINGMASTER_UNROLL
      for (int i = 0; i < 4; ++i) {
        const float* pair = &scores[2 * t + i / 2][i % 2 * 2];
        weights[t][i] = packed(pair[0], pair[1]);
      }
    }
  }

  /// Begins to add the tile's values, weighted.
  template <class Lane>
  static RINGMASTER_KERNEL void add_values(Lane& lane, std::uint32_t values, const Weights& weights,
                                           float (&out)[kDim / 8][4]) {
    RINGMASTER_UNROLL
    for (int t = 0; t < kPrefillTileKeys / 16; ++t) {
      lane.add_weighted_rows(out, weights[t],
                             matrix_of_columns(values + t * 16 * kPanelRowBytes, kKeyPanelBytes));
    }
    lane.commit_products();
  }
};

}  // namespace ringmaster::engine::cuda
