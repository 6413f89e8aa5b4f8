#pragma once

#include <cstdint>

#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/softmax_rows.cuh"

// Tensor-core tiles as mma.m16n8k16 lays them out (PTX ISA, "Matrix fragments for mma.m16n8k16"):
// lane l holds of a 16 x 8 result the rows l / 4 and l / 4 + 8, columns l % 4 * 2 and the next.

namespace ringmaster::engine::cuda {

/// Bits of a row's number by which its chunks of 16 bytes are swizzled, `kChunks` of them.
template <int kChunks>
inline constexpr int kSwizzleMask = (kChunks < 8 ? kChunks : 8) - 1;

/// Where chunk `chunk` of a row stands in shared memory, so that the eight rows that a load_matrix
/// reads at once lie in different banks.
template <int kChunks>
RINGMASTER_KERNEL int swizzled(int row, int chunk) {
  return row * kChunks + (chunk ^ (row & kSwizzleMask<kChunks>));
}

/// Given where a chunk stands, where the one does that is `rows` rows further down and of whose
/// place in the row the bits of `flipped` differ: one operation on what lanes differ in, and a
/// constant.
template <int kChunks>
RINGMASTER_KERNEL int moved(int start, int flipped, int rows) {
  return (start ^ flipped) + rows * kChunks;
}

/// Scores of 8 * kScoreTiles keys, for each of kRowTiles tiles of 16 queries, added to `scores`.
/// `keys` is a swizzled tile whose row `key` is the first of them; `query(r, k, a)` gives the A
/// fragment of columns [16 k, 16 k + 16) of row tile r, once for all the keys.
template <int kDim, int kRowTiles, int kScoreTiles, class Lane, class Query>
RINGMASTER_KERNEL void add_scores(Lane& lane, const Bf16x8* keys, int key, Query query,
                                  float (&scores)[kRowTiles][kScoreTiles][4]) {
  const int lane_index = lane.thread() % 32;
  const int row = lane_index / 16 * 8 + lane_index % 8;
  const int start = lane.fresh(swizzled<kDim / 8>(row, lane_index / 8 % 2));
  RINGMASTER_UNROLL
  for (int k = 0; k < kDim / 16; ++k) {
    std::uint32_t a[kRowTiles][4];
    RINGMASTER_UNROLL
    for (int r = 0; r < kRowTiles; ++r) query(r, k, a[r]);
    RINGMASTER_UNROLL
    for (int t = 0; t < kScoreTiles; t += 2) {
      std::uint32_t b[4];
      lane.load_matrix(b, keys + moved<kDim / 8>(start, k * 2, key + t * 8));
      RINGMASTER_UNROLL
      for (int r = 0; r < kRowTiles; ++r) {
        lane.multiply_add(scores[r][t], a[r], b[0], b[1]);
        lane.multiply_add(scores[r][t + 1], a[r], b[2], b[3]);
      }
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
  const int start = lane.fresh(swizzled<kDim / 8>(lane_index % 16, lane_index / 16));
  RINGMASTER_UNROLL
  for (int d = 0; d < kDim / 16; ++d) {
    std::uint32_t b[4];
    lane.load_matrix_transposed(b, values + moved<kDim / 8>(start, d * 2, key));
    RINGMASTER_UNROLL
    for (int r = 0; r < kRowTiles; ++r) {
      lane.multiply_add(rows[r].out[2 * d], a[r], b[0], b[1]);
      lane.multiply_add(rows[r].out[2 * d + 1], a[r], b[2], b[3]);
    }
  }
}

}  // namespace ringmaster::engine::cuda
