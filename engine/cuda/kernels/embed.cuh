#pragma once

#include <cstdint>

#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/step_layout.h"

namespace ringmaster::engine::cuda {

/// Copies the embedding of each token into the residual stream. Grid: a block per token.
struct Embed {
  struct Args {
    const std::int32_t* tokens;        ///< Negative: the newest sample of a slot.
    const std::int32_t* last_samples;  ///< [slots]
    const Bf16* table;                 ///< [vocabulary, hidden]
    Bf16* out;                         ///< [tokens, hidden]
    std::int32_t hidden;               ///< A multiple of 8.
    std::int32_t vocabulary;
  };
  static constexpr int kThreads = 128;

  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const Args& args) {
    const std::int64_t row = lane.block_x();
    std::int32_t token = args.tokens[row];
    if (token < 0) token = args.last_samples[slot_of_sample(token)];
    if (token < 0 || token >= args.vocabulary) token = 0;  // Never read outside the table.
    const auto* from =
        reinterpret_cast<const Bf16x8*>(args.table + std::int64_t{token} * args.hidden);
    auto* to = reinterpret_cast<Bf16x8*>(args.out + row * args.hidden);
    for (std::int32_t i = lane.thread(); i < args.hidden / 8; i += kThreads) to[i] = from[i];
  }
};

}  // namespace ringmaster::engine::cuda
