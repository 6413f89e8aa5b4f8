#pragma once

#include <cmath>
#include <cstdint>

#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/e4m3_tile.cuh"
#include "engine/cuda/kernels/reduce.cuh"
#include "engine/cuda/kv_layout.h"

namespace ringmaster::engine::cuda {

/// Normalises (Qwen3) and rotates the query and key heads of each token, and stores keys and values
/// in the paged cache, as what its layout says. A warp per head; grid: x covers the heads, y is the
/// token.
struct RopeStore {
  struct Args {
    Bf16* qkv;   ///< [tokens, (heads + 2 * kv_heads) * head_dim]; q in place.
    Bf16* keys;  ///< The layer's plane of the cache.
    Bf16* values;
    const Bf16* query_norm;  ///< [head_dim]; null: no norm, as the next one.
    const Bf16* key_norm;
    const float* cosines;  ///< [positions, head_dim / 2]
    const float* sines;
    const std::int32_t* positions;  ///< [tokens]
    const std::int32_t* kv_slots;   ///< [tokens]; -1: store nothing.
    KvLayout kv;
    std::int32_t heads;
    float epsilon;
  };
  static constexpr int kThreads = 128;
  static constexpr int kWarps = kThreads / kWarp;

  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const Args& args) {
    const std::int64_t token = lane.block_y();
    const std::int32_t units = args.heads + 2 * args.kv.kv_heads;
    const std::int32_t unit = lane.block_x() * kWarps + lane.thread() / kWarp;
    if (unit >= units) return;  // Whole warps leave; no block barrier follows.
    const std::int32_t dim = args.kv.head_dim;
    Bf16* head = args.qkv + (token * units + unit) * dim;
    const std::int32_t slot = args.kv_slots[token];
    const bool is_query = unit < args.heads;
    const bool is_key = !is_query && unit < args.heads + args.kv.kv_heads;
    if (!is_query && slot < 0) return;

    Bf16* plane = is_key ? args.keys : args.values;
    const std::int32_t kv_head = unit - args.heads - (is_key ? 0 : args.kv.kv_heads);
    const std::int32_t block = slot / args.kv.block_tokens;
    const std::int32_t row = slot % args.kv.block_tokens;
    Bf16* to = is_query ? head : plane + args.kv.row(block, kv_head, row);
    if (!is_query && !is_key && args.kv.type == KvType::kBf16) {
      for (std::int32_t i = lane.thread() % kWarp; i < dim / 8; i += kWarp) {
        reinterpret_cast<Bf16x8*>(to)[i] = reinterpret_cast<const Bf16x8*>(head)[i];
      }
      return;
    }
    const Bf16* norm = is_query ? args.query_norm : is_key ? args.key_norm : nullptr;
    const float scale = norm == nullptr ? 1.0F : norm_scale(lane, args, head);
    const std::int64_t angles = std::int64_t{args.positions[token]} * (dim / 2);
    float low[2] = {0.0F, 0.0F};
    float high[2] = {0.0F, 0.0F};
    RINGMASTER_UNROLL
    for (int k = 0; k < 2; ++k) {
      const std::int32_t j = lane.thread() % kWarp + kWarp * k;
      if (j >= dim / 2) continue;
      low[k] = element(head, norm, scale, j);
      high[k] = element(head, norm, scale, j + dim / 2);
      if (!is_query && !is_key) continue;
      const float c = args.cosines[angles + j];
      const float s = args.sines[angles + j];
      const float rotated = low[k] * c - high[k] * s;
      high[k] = high[k] * c + low[k] * s;
      low[k] = rotated;
    }
    if (is_query || args.kv.type == KvType::kBf16) {
      store_bf16(lane, low, high, dim, to);
    } else {
      store_e4m3(lane, low, high, dim, reinterpret_cast<std::uint8_t*>(to),
                 reinterpret_cast<float*>(plane + args.kv.scale(block, kv_head, row)));
    }
  }

 private:
  template <class Lane>
  static RINGMASTER_KERNEL void store_bf16(Lane& lane, const float (&low)[2],
                                           const float (&high)[2], std::int32_t dim, Bf16* to) {
    RINGMASTER_UNROLL
    for (int k = 0; k < 2; ++k) {
      const std::int32_t j = lane.thread() % kWarp + kWarp * k;
      if (j >= dim / 2) continue;
      to[j] = to_bf16(low[k]);
      to[j + dim / 2] = to_bf16(high[k]);
    }
  }

  template <class Lane>
  static RINGMASTER_KERNEL float norm_scale(Lane& lane, const Args& args, const Bf16* head) {
    float squares = 0.0F;
    for (std::int32_t i = lane.thread() % kWarp; i < args.kv.head_dim; i += kWarp) {
      squares += to_float(head[i]) * to_float(head[i]);
    }
    const float total = warp_reduce(lane, squares, Add{});
    return 1.0F / sqrtf(total / static_cast<float>(args.kv.head_dim) + args.epsilon);
  }

  static RINGMASTER_KERNEL float element(const Bf16* head, const Bf16* norm, float scale,
                                         std::int32_t i) {
    const float value = to_float(head[i]);
    return norm == nullptr ? value : rounded(rounded(value * scale) * to_float(norm[i]));
  }
};

}  // namespace ringmaster::engine::cuda
