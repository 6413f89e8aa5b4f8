#pragma once

#include <cmath>
#include <cstdint>

#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/reduce.cuh"

namespace ringmaster::engine::cuda {

/// Adds a layer's output to the residual stream and normalises the sum, rounding where the models'
/// own code in bf16 does: the sum, the normalised value, and its product with the weight.
/// Grid: a block per output row.
struct RmsNorm {
  struct Args {
    Bf16* hidden;          ///< [tokens, width] residual stream.
    const Bf16* addition;  ///< [tokens, width]; null: nothing is added.
    const Bf16* weight;    ///< [width]
    Bf16* out;             ///< [rows, width]
    const std::int32_t*
        rows;  ///< Token of each output row, `row_stride` words apart; null: itself.
    std::int32_t row_stride;
    std::int32_t width;  ///< A multiple of 8.
    float epsilon;
    bool writes_hidden;  ///< Stores the sum back.
  };
  static constexpr int kThreads = 256;

  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const Args& args) {
    const std::int64_t row = lane.block_x();
    const std::int64_t token = args.rows == nullptr ? row : args.rows[row * args.row_stride];
    auto* hidden = reinterpret_cast<Bf16x8*>(args.hidden + token * args.width);
    const auto* addition = reinterpret_cast<const Bf16x8*>(
        args.addition == nullptr ? nullptr : args.addition + token * args.width);
    const auto* weight = reinterpret_cast<const Bf16x8*>(args.weight);
    auto* out = reinterpret_cast<Bf16x8*>(args.out + row * args.width);
    const std::int32_t packs = args.width / 8;

    float squares = 0.0F;
    for (std::int32_t i = lane.thread(); i < packs; i += kThreads) {
      const Bf16x8 sum = added(hidden, addition, i);
      if (args.writes_hidden) hidden[i] = sum;
      RINGMASTER_UNROLL
      for (int k = 0; k < 8; ++k) squares += to_float(sum.at[k]) * to_float(sum.at[k]);
    }
    auto* scratch = reinterpret_cast<float*>(lane.shared());
    const float total = block_reduce(lane, squares, scratch, Add{});
    const float scale = 1.0F / sqrtf(total / static_cast<float>(args.width) + args.epsilon);
    for (std::int32_t i = lane.thread(); i < packs; i += kThreads) {
      const Bf16x8 sum = args.writes_hidden ? hidden[i] : added(hidden, addition, i);
      const Bf16x8 by = weight[i];
      Bf16x8 normed;
      RINGMASTER_UNROLL
      for (int k = 0; k < 8; ++k) {
        normed.at[k] = to_bf16(rounded(to_float(sum.at[k]) * scale) * to_float(by.at[k]));
      }
      out[i] = normed;
    }
  }

  static constexpr std::int32_t shared_bytes() { return kThreads / kWarp * 4; }

 private:
  static RINGMASTER_KERNEL Bf16x8 added(const Bf16x8* hidden, const Bf16x8* addition,
                                        std::int32_t i) {
    Bf16x8 sum = hidden[i];
    if (addition == nullptr) return sum;
    const Bf16x8 more = addition[i];
    RINGMASTER_UNROLL
    for (int k = 0; k < 8; ++k) sum.at[k] = to_bf16(to_float(sum.at[k]) + to_float(more.at[k]));
    return sum;
  }
};

}  // namespace ringmaster::engine::cuda
