#pragma once

#include <cmath>
#include <cstdint>

#include "engine/cuda/kernels/bf16.h"

namespace ringmaster::engine::cuda {

/// Never a real score; exp2 of it is 0.
inline constexpr float kNoScore = -INFINITY;

/// 2^x, to 2^-22 of it; 0 where that is less than any normal float.
[[nodiscard]] RINGMASTER_KERNEL float power_of_two(float x) {
#if defined(__CUDA_ARCH__)
  float result;  // exp2f() goes through two more products, for results that are not normal.
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
#else
  return exp2f(x);
#endif
}

/// The running softmax of two rows of a tile, in base 2 (Milakov and Gimelshein, "Online normalizer
/// calculation for softmax", 2018), with kTiles result tiles of 8 columns.
template <int kTiles>
struct SoftmaxRows {
  float highest[2] = {kNoScore, kNoScore};
  float total[2] = {0.0F, 0.0F};  ///< Of this lane's columns only, until the end.
  float out[kTiles][4] = {};

  /// Turns scores of kKeyTiles tiles, which `scale` brings to base 2, into weights and rescales
  /// what was added before. Requires: scale > 0; every row has seen a real score in this tile or
  /// before.
  template <int kKeyTiles, class Lane>
  RINGMASTER_KERNEL void weigh(Lane& lane, float scale, float (&scores)[kKeyTiles][4]) {
    float keep[2];
    weigh(lane, scale, scores, keep);
    rescale(keep);
  }

  /// As the one before, but leaves `out` alone, which has still to be rescaled by `keep`.
  template <int kKeyTiles, class Lane>
  RINGMASTER_KERNEL void weigh(Lane& lane, float scale, float (&scores)[kKeyTiles][4],
                               float (&keep)[2]) {
    RINGMASTER_UNROLL
    for (int half = 0; half < 2; ++half) {
      float best = kNoScore;
      RINGMASTER_UNROLL
      for (int t = 0; t < kKeyTiles; ++t) {
        best = fmaxf(best, fmaxf(scores[t][2 * half], scores[t][2 * half + 1]));
      }
      best = fmaxf(best, lane.shuffle_xor(best, 1));
      best = fmaxf(best, lane.shuffle_xor(best, 2));
      best = fmaxf(best * scale, highest[half]);
      keep[half] = power_of_two(highest[half] - best);
      highest[half] = best;
      total[half] *= keep[half];
      RINGMASTER_UNROLL
      for (int t = 0; t < kKeyTiles; ++t) {
        RINGMASTER_UNROLL
        for (int c = 2 * half; c < 2 * half + 2; ++c) {
          scores[t][c] = power_of_two(fmaf(scores[t][c], scale, -best));
          total[half] += scores[t][c];
        }
      }
    }
  }

  RINGMASTER_KERNEL void rescale(const float (&keep)[2]) {
    RINGMASTER_UNROLL
    for (int t = 0; t < kTiles; ++t) {
      RINGMASTER_UNROLL
      for (int c = 0; c < 4; ++c) out[t][c] *= keep[c / 2];
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

}  // namespace ringmaster::engine::cuda
