#pragma once

#include <cstdint>

#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/reduce.cuh"

namespace ringmaster::engine::cuda {

/// What a product of few rows reads and writes: y = x W^T (+ bias).
struct GemvArgs {
  const Bf16* x;       ///< [rows, inputs]
  const Bf16* weight;  ///< [outputs, inputs]
  const Bf16* bias;    ///< [outputs]; null: none.
  void* y;             ///< [rows, outputs]; bfloat16, or f32 if is_f32.
  std::int32_t inputs;
  std::int32_t outputs;
  std::int32_t is_f32;
};

/// A product of kRows rows, for decoding of a few sequences, where nothing counts but how fast the
/// weights stream by: a warp takes two outputs and keeps eight loads of 16 bytes under way in each
/// lane. The rows of x are small and come from the cache. The order of additions of a row depends
/// on `inputs` alone, so other rows change no bit. Grid: x covers the outputs, kBlockOutputs each.
/// Requires: 8 divides inputs; x and weight are aligned to 16 bytes.
template <int kRows>
struct Gemv {
  using Args = GemvArgs;
  static constexpr int kThreads = 128;
  static constexpr int kOutputs = 2;  // Of a warp.
  static constexpr int kUnroll = 4;
  static constexpr int kBlockOutputs = kThreads / kWarp * kOutputs;

  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const Args& args) {
    const int lane_index = lane.thread() % kWarp;
    const std::int32_t first =
        (lane.block_x() * (kThreads / kWarp) + lane.thread() / kWarp) * kOutputs;
    if (first >= args.outputs) return;  // Whole warps leave; no block barrier follows.
    float sums[kOutputs][kRows] = {};
    const std::int32_t vectors = args.inputs / 8;
    for (std::int32_t v = lane_index; v < vectors; v += kWarp * kUnroll) {
      add(lane, args, first, v, vectors, sums);
    }
    RINGMASTER_UNROLL
    for (int o = 0; o < kOutputs; ++o) {
      RINGMASTER_UNROLL
      for (int r = 0; r < kRows; ++r) {
        const float sum = warp_reduce(lane, sums[o][r], Add{});
        if (lane_index == o * kRows + r && first + o < args.outputs) {
          store(args, r, first + o, sum);
        }
      }
    }
  }

 private:
  /// Adds kUnroll vectors of 8 inputs, from `v` on and kWarp apart, as far as there are.
  template <class Lane>
  static RINGMASTER_KERNEL void add(Lane& lane, const Args& args, std::int32_t first,
                                    std::int32_t v, std::int32_t vectors,
                                    float (&sums)[kOutputs][kRows]) {
    Words4 weight[kOutputs][kUnroll];
    RINGMASTER_UNROLL
    for (int o = 0; o < kOutputs; ++o) {
      // Beyond the last output the last one is read again; what comes of it is not stored.
      const std::int64_t output = first + o < args.outputs ? first + o : args.outputs - 1;
      const Bf16* row = args.weight + output * args.inputs;
      RINGMASTER_UNROLL
      for (int u = 0; u < kUnroll; ++u) {
        const std::int32_t at = v + u * kWarp;
        weight[o][u] = at < vectors ? lane.load_once(row + std::int64_t{at} * 8) : Words4{};
      }
    }
    RINGMASTER_UNROLL
    for (int u = 0; u < kUnroll; ++u) {
      const std::int32_t at = v + u * kWarp;
      if (at >= vectors) return;
      RINGMASTER_UNROLL
      for (int r = 0; r < kRows; ++r) {
        const Words4 x = *reinterpret_cast<const Words4*>(args.x + std::int64_t{r} * args.inputs +
                                                          std::int64_t{at} * 8);
        RINGMASTER_UNROLL
        for (int o = 0; o < kOutputs; ++o) add_product(sums[o][r], weight[o][u], x);
      }
    }
  }

  static RINGMASTER_KERNEL void add_product(float& sum, const Words4& a, const Words4& b) {
    RINGMASTER_UNROLL
    for (int i = 0; i < 4; ++i) {
      sum += low_half(a.at[i]) * low_half(b.at[i]);
      sum += high_half(a.at[i]) * high_half(b.at[i]);
    }
  }

  static RINGMASTER_KERNEL void store(const Args& args, std::int32_t row, std::int32_t output,
                                      float sum) {
    if (args.bias != nullptr) sum += to_float(args.bias[output]);
    const std::int64_t at = std::int64_t{row} * args.outputs + output;
    if (args.is_f32 != 0) {
      static_cast<float*>(args.y)[at] = sum;
    } else {
      static_cast<Bf16*>(args.y)[at] = to_bf16(sum);
    }
  }
};

}  // namespace ringmaster::engine::cuda
