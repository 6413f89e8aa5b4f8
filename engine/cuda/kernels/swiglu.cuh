#pragma once

#include <cmath>
#include <cstdint>

#include "engine/cuda/kernels/bf16.h"

namespace ringmaster::engine::cuda {

/// out = gate / (1 + exp(-gate)) * up, eight elements a thread. Grid: x covers a row's packs, y is
/// the row.
struct SwiGlu {
  struct Args {
    const Bf16* gate_up;  ///< [tokens, 2 * width]: gate, then up.
    Bf16* out;            ///< [tokens, width]
    std::int32_t width;   ///< A multiple of 8.
  };
  static constexpr int kThreads = 128;

  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const Args& args) {
    const std::int64_t row = lane.block_y();
    const std::int32_t pack = lane.block_x() * kThreads + lane.thread();
    if (pack >= args.width / 8) return;
    const auto* in = reinterpret_cast<const Bf16x8*>(args.gate_up + row * 2 * args.width);
    const Bf16x8 gate = in[pack];
    const Bf16x8 up = in[args.width / 8 + pack];
    Bf16x8 result;
    RINGMASTER_UNROLL
    for (int k = 0; k < 8; ++k) {
      const float x = to_float(gate.at[k]);
      result.at[k] = to_bf16(x / (1.0F + expf(-x)) * to_float(up.at[k]));
    }
    reinterpret_cast<Bf16x8*>(args.out + row * args.width)[pack] = result;
  }
};

}  // namespace ringmaster::engine::cuda
