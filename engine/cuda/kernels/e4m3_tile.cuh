#pragma once

#include <cstdint>

#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/e4m3.h"
#include "engine/cuda/kernels/paged_rows.cuh"
#include "engine/cuda/kernels/reduce.cuh"
#include "engine/cuda/kernels/tile_math.cuh"

namespace ringmaster::engine::cuda {

/// Widens a swizzled tile of kRows rows of e4m3 into one of bfloat16, unscaled; thread `index` of
/// kThreads. Visible to others after the next barrier.
template <int kDim, int kRows, int kThreads>
RINGMASTER_KERNEL void widen_tile(int index, const Bf16x8* from, Bf16x8* to) {
  constexpr int kChunks = row_chunks<kDim>(KvType::kE4m3);
  static_assert(kRows * kChunks % kThreads == 0);
  RINGMASTER_UNROLL
  for (int n = 0; n < kRows * kChunks; n += kThreads) {
    const int i = n + index;
    const int row = i / kChunks;
    const int chunk = i % kChunks;
    const Words4 in = *reinterpret_cast<const Words4*>(from + swizzled<kChunks>(row, chunk));
    RINGMASTER_UNROLL
    for (int half = 0; half < 2; ++half) {
      std::uint32_t pairs[2][2];
      widen_e4m3(in.at[2 * half], pairs[0]);
      widen_e4m3(in.at[2 * half + 1], pairs[1]);
      *reinterpret_cast<Words4*>(to + swizzled<2 * kChunks>(row, 2 * chunk + half)) = {
          {pairs[0][0], pairs[0][1], pairs[1][0], pairs[1][1]}};
    }
  }
}

/// Multiplies each column of score tiles by its key's scale. `scale_of(column)` is called by all
/// lanes of the warp together.
template <int kTiles, class Lane, class ScaleOf>
RINGMASTER_KERNEL void scale_columns(Lane& lane, float (&scores)[kTiles][4],
                                     const ScaleOf& scale_of) {
  RINGMASTER_UNROLL
  for (int t = 0; t < kTiles; ++t) {
    RINGMASTER_UNROLL
    for (int c = 0; c < 2; ++c) {
      const float scale = scale_of(t * 8 + lane.thread() % 4 * 2 + c);
      scores[t][c] *= scale;
      scores[t][2 + c] *= scale;
    }
  }
}

/// Stores a head of a token as e4m3, with its scale. Lane i of the warp has the elements i + 32 k
/// of the head's lower half in low[k], and of its upper half in high[k]. Requires: dim <= 128; the
/// unused ones are zero.
template <class Lane>
RINGMASTER_KERNEL void store_e4m3(Lane& lane, const float (&low)[2], const float (&high)[2],
                                  std::int32_t dim, std::uint8_t* to, float* scale_to) {
  std::uint32_t largest = 0;  // By bits, which order sizes as numbers do and what is none highest.
  RINGMASTER_UNROLL
  for (int k = 0; k < 2; ++k) {
    largest = Higher{}(largest, Higher{}(size_bits(low[k]), size_bits(high[k])));
  }
  const float scale = e4m3_scale(float_of(warp_reduce(lane, largest, Higher{})));
  const std::int32_t lane_index = lane.thread() % kWarp;
  RINGMASTER_UNROLL
  for (int k = 0; k < 2; ++k) {
    const std::int32_t j = lane_index + kWarp * k;
    if (j >= dim / 2) continue;
    to[j] = to_e4m3(low[k] / scale);
    to[j + dim / 2] = to_e4m3(high[k] / scale);
  }
  if (lane_index == 0) *scale_to = scale;
}

}  // namespace ringmaster::engine::cuda
