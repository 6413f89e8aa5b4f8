#pragma once

#include <cstdint>
#include <vector>

#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kv_layout.h"
#include "engine/cuda/sample_output.h"

namespace ringmaster::engine::cuda {

/// Where the weights of a layer lie on the device; bfloat16, matrices [outputs, inputs]. Query, key
/// and value are one matrix, and so are gate and up.
struct DeviceLayer {
  const Bf16* attention_norm = nullptr;
  const Bf16* qkv = nullptr;
  const Bf16* qkv_bias = nullptr;  ///< Null: none, as the next two.
  const Bf16* query_norm = nullptr;
  const Bf16* key_norm = nullptr;
  const Bf16* attention_out = nullptr;
  const Bf16* mlp_norm = nullptr;
  const Bf16* gate_up = nullptr;
  const Bf16* down = nullptr;
};

struct DeviceWeights {
  const Bf16* embedding = nullptr;
  const Bf16* final_norm = nullptr;
  const Bf16* head = nullptr;  ///< Null: another device has it, and samples.
  const float* cosines = nullptr;
  const float* sines = nullptr;
  std::vector<DeviceLayer> layers;
};

/// Working memory of a step on the device; rows as many as the largest step has.
struct DeviceBuffers {
  std::int32_t* words = nullptr;  ///< The step as uploaded.
  Bf16* hidden = nullptr;         ///< [tokens, hidden], as the next one and `projected`.
  Bf16* normed = nullptr;
  Bf16* qkv = nullptr;
  Bf16* attended = nullptr;
  Bf16* projected = nullptr;
  Bf16* gate_up = nullptr;
  Bf16* activation = nullptr;
  float* logits = nullptr;    ///< [rows, vocabulary]
  float* partials = nullptr;  ///< Of decode attention: [sequences * kChunksMax, heads, head_dim]
  float* stats = nullptr;     ///< [sequences * kChunksMax, heads, 2]
  SampleOutput* samples = nullptr;
  std::int32_t* last_samples = nullptr;  ///< [slots]
  Bf16* cache = nullptr;                 ///< In KvLayout's units.
  Bf16* host_cache = nullptr;            ///< The host tier: pinned memory; null: none.
};

/// A matrix product y = x W^T (+ bias).
struct Product {
  const Bf16* x = nullptr;       ///< [rows, inputs]
  const Bf16* weight = nullptr;  ///< [outputs, inputs]
  const Bf16* bias = nullptr;    ///< [outputs], or null.
  void* y = nullptr;             ///< [rows, outputs]; bfloat16, or f32 if `is_f32`.
  std::int32_t rows = 0;
  std::int32_t inputs = 0;
  std::int32_t outputs = 0;
  bool is_f32 = false;
};

/// Whether there is an attention kernel for heads of this size.
[[nodiscard]] constexpr bool has_attention(std::int32_t head_dim) {
  return head_dim == 16 || head_dim == 32 || head_dim == 64 || head_dim == 128;
}

/// Whether there is one of warpgroups for such heads and such a cache.
[[nodiscard]] constexpr bool has_wgmma_attention(std::int32_t head_dim, KvType type) {
  return (head_dim == 64 || head_dim == 128) && type == KvType::kBf16;
}

}  // namespace ringmaster::engine::cuda
