#pragma once

#include <cmath>
#include <cstdint>

#include "engine/cuda/kernels/bf16.h"

// Tensor-core tiles as mma.m16n8k16 lays them out (PTX ISA, "Matrix fragments for mma.m16n8k16"):
// lane l holds of a 16 x 8 result the rows l / 4 and l / 4 + 8, columns l % 4 * 2 and the next.

namespace ringmaster::engine::cuda {

/// Never a real score; exp2 of it is 0.
inline constexpr float kNoScore = -INFINITY;

/// Where 16-byte chunk `chunk` of a row of `kChunks` chunks stands in shared memory, so that the
/// eight rows that a load_matrix reads at once lie in different banks.
template <int kChunks>
RINGMASTER_KERNEL int swizzled(int row, int chunk) {
  constexpr int kMask = (kChunks < 8 ? kChunks : 8) - 1;
  return row * kChunks + (chunk ^ (row & kMask));
}

/// The running softmax of two rows of a tile, in base 2 (Milakov and Gimelshein, "Online normalizer
/// calculation for softmax", 2018), with kTiles result tiles of 8 columns.
template <int kTiles>
struct SoftmaxRows {
  float highest[2] = {kNoScore, kNoScore};
  float total[2] = {0.0F, 0.0F};  ///< Of this lane's columns only, until the end.
  float out[kTiles][4] = {};

  /// Turns scores of kKeyTiles tiles (already in base 2) into weights and rescales what was added
  /// before. Requires: every row has seen a real score in this tile or before.
  template <int kKeyTiles, class Lane>
  RINGMASTER_KERNEL void weigh(Lane& lane, float (&scores)[kKeyTiles][4]) {
    RINGMASTER_UNROLL
    for (int half = 0; half < 2; ++half) {
      float best = highest[half];
      RINGMASTER_UNROLL
      for (int t = 0; t < kKeyTiles; ++t) {
        best = fmaxf(best, fmaxf(scores[t][2 * half], scores[t][2 * half + 1]));
      }
      best = fmaxf(best, lane.shuffle_xor(best, 1));
      best = fmaxf(best, lane.shuffle_xor(best, 2));
      const float keep = exp2f(highest[half] - best);
      highest[half] = best;
      total[half] *= keep;
      RINGMASTER_UNROLL
      for (int t = 0; t < kTiles; ++t) {
        out[t][2 * half] *= keep;
        out[t][2 * half + 1] *= keep;
      }
      RINGMASTER_UNROLL
      for (int t = 0; t < kKeyTiles; ++t) {
        RINGMASTER_UNROLL
        for (int c = 2 * half; c < 2 * half + 2; ++c) {
          scores[t][c] = exp2f(scores[t][c] - best);
          total[half] += scores[t][c];
        }
      }
    }
  }

  /// Adds the columns of the other three lanes of each row.
  template <class Lane>
  RINGMASTER_KERNEL void finish_totals(Lane& lane) {
    RINGMASTER_UNROLL
    for (int half = 0; half < 2; ++half) {
      total[half] += lane.shuffle_xor(total[half], 1);
      total[half] += lane.shuffle_xor(total[half], 2);
    }
  }
};

/// Scores of 16 keys, for each of kRowTiles tiles of 16 queries, added to the score tiles 2 * t and
/// 2 * t + 1. `keys` is a swizzled tile whose row `key` is the first of the 16; `query(r, k, a)`
/// gives the A fragment of columns [16 k, 16 k + 16) of row tile r.
template <int kDim, int kRowTiles, int kScoreTiles, class Lane, class Query>
RINGMASTER_KERNEL void add_scores(Lane& lane, const Bf16x8* keys, int key, Query query,
                                  float (&scores)[kRowTiles][kScoreTiles][4], int t) {
  const int lane_index = lane.thread() % 32;
  const int row = key + lane_index / 16 * 8 + lane_index % 8;
  RINGMASTER_UNROLL
  for (int k = 0; k < kDim / 16; ++k) {
    std::uint32_t b[4];
    lane.load_matrix(b, keys + swizzled<kDim / 8>(row, k * 2 + lane_index / 8 % 2));
    RINGMASTER_UNROLL
    for (int r = 0; r < kRowTiles; ++r) {
      std::uint32_t a[4];
      query(r, k, a);
      lane.multiply_add(scores[r][2 * t], a, b[0], b[1]);
      lane.multiply_add(scores[r][2 * t + 1], a, b[2], b[3]);
    }
  }
}

/// Adds the values of 16 keys, weighted by the score tiles 2 * t and 2 * t + 1 of each row tile, to
/// that row tile's sums. `values` is a swizzled tile whose row `key` is the first of the 16.
template <int kDim, int kRowTiles, int kScoreTiles, class Lane>
RINGMASTER_KERNEL void add_values(Lane& lane, const Bf16x8* values, int key,
                                  const float (&scores)[kRowTiles][kScoreTiles][4], int t,
                                  SoftmaxRows<kDim / 8> (&rows)[kRowTiles]) {
  std::uint32_t a[kRowTiles][4];
  RINGMASTER_UNROLL
  for (int r = 0; r < kRowTiles; ++r) {
    RINGMASTER_UNROLL
    for (int i = 0; i < 4; ++i) {
      const float* pair = &scores[r][2 * t + i / 2][i % 2 * 2];
      a[r][i] = packed(pair[0], pair[1]);
    }
  }
  const int lane_index = lane.thread() % 32;
  const int row = key + lane_index % 16;
  RINGMASTER_UNROLL
  for (int d = 0; d < kDim / 16; ++d) {
    std::uint32_t b[4];
    lane.load_matrix_transposed(b, values + swizzled<kDim / 8>(row, d * 2 + lane_index / 16));
    RINGMASTER_UNROLL
    for (int r = 0; r < kRowTiles; ++r) {
      lane.multiply_add(rows[r].out[2 * d], a[r], b[0], b[1]);
      lane.multiply_add(rows[r].out[2 * d + 1], a[r], b[2], b[3]);
    }
  }
}

}  // namespace ringmaster::engine::cuda
