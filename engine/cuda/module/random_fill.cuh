#pragma once

#include <cstdint>

#include "engine/cuda/kernels/bf16.h"

namespace ringmaster::engine::cuda {

/// Fills weights with numbers between -size and size, for measurements without a model.
struct RandomFill {
  struct Args {
    Bf16* to;
    std::int64_t count;
    float size;
    float offset;  ///< Added to each: the weights of a norm lie around 1.
    std::uint32_t seed;
  };
  static constexpr int kThreads = 256;

  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const Args& args) {
    const std::int64_t stride = std::int64_t{lane.grid_x()} * kThreads;
    for (std::int64_t i = std::int64_t{lane.block_x()} * kThreads + lane.thread(); i < args.count;
         i += stride) {
      // The finisher of MurmurHash3 (public domain, A. Appleby): every bit of i moves every bit.
      std::uint64_t x = static_cast<std::uint64_t>(i) + (std::uint64_t{args.seed} << 40U);
      x = (x ^ x >> 33U) * 0xff51afd7ed558ccdULL;
      x = (x ^ x >> 33U) * 0xc4ceb9fe1a85ec53ULL;
      x ^= x >> 33U;
      const float unit = static_cast<float>(x >> 40U) * 0x1.0p-24F;
      args.to[i] = to_bf16(args.offset + (2.0F * unit - 1.0F) * args.size);
    }
  }
};

}  // namespace ringmaster::engine::cuda
