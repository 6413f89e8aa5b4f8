#pragma once

#include <cmath>
#include <cstdint>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/cuda_api.h"
#include "engine/cuda/device_model.h"
#include "engine/cuda/kernels/decode_attention.cuh"
#include "engine/cuda/kernels/prefill_attention.cuh"
#include "engine/cuda/kernels/wgmma_attention.cuh"
#include "engine/cuda/kv_layout.h"
#include "engine/cuda/step_layout.h"

namespace ringmaster::engine::cuda {

/// Attention of one layer: sequences that decode by pieces of their context, chunks of prefill by
/// tiles of their queries. Reads the queries in DeviceBuffers::qkv, writes `attended`. `Device` is
/// ForwardPass's.
template <class Device>
class AttentionPass {
 public:
  /// All references outlive the pass. Requires: has_attention(shape.head_dim).
  AttentionPass(Device& device, const CudaModelShape& shape, const DeviceBuffers& buffers,
                const KvLayout& kv)
      : device_(device), shape_(shape), buffers_(buffers), kv_(kv) {}

  /// `keys` and `values` are the layer's planes of the cache, the step's own tokens in them.
  void run(const Bf16* keys, const Bf16* values, const CudaStep& step) {
    counts_ = step.counts;
    layout_ = step_layout(step.counts);
    switch (shape_.head_dim) {
      case 16:
        attend<16>(keys, values, step);
        break;
      case 32:
        attend<32>(keys, values, step);
        break;
      case 64:
        attend<64>(keys, values, step);
        break;
      default:
        attend<128>(keys, values, step);
    }
  }

 private:
  [[nodiscard]] const std::int32_t* words(std::int32_t offset) const {
    return buffers_.words + offset;
  }

  template <int kDim>
  void attend(const Bf16* keys, const Bf16* values, const CudaStep& step) {
    if (kv_.type == KvType::kE4m3) return attend<kDim, KvType::kE4m3>(keys, values, step);
    attend<kDim, KvType::kBf16>(keys, values, step);
  }

  template <int kDim, KvType kType>
  void attend(const Bf16* keys, const Bf16* values, const CudaStep& step) {
    if (counts_.decode_sequences > 0) decode<kDim, kType>(keys, values);
    if (step.prefill_tiles == 0) return;
    if constexpr (has_wgmma_attention(kDim, kType)) {  // Of the same tiles.
      if (device_.prefill_kernel() == PrefillKernel::kWgmma) {
        if (step.prefill_row_tiles == 2) {
          prefill<WgmmaAttention<kDim, 2>>(keys, values, step.prefill_tiles);
        } else {
          prefill<WgmmaAttention<kDim, 1>>(keys, values, step.prefill_tiles);
        }
        return;
      }
    }
    if (step.prefill_row_tiles == 2) {
      prefill<PrefillAttention<kDim, 2, kType>>(keys, values, step.prefill_tiles);
    } else {
      prefill<PrefillAttention<kDim, 1, kType>>(keys, values, step.prefill_tiles);
    }
  }

  template <int kDim, KvType kType>
  void decode(const Bf16* keys, const Bf16* values) {
    const DecodeAttentionArgs args{.query = buffers_.qkv,
                                   .query_stride = query_stride(),
                                   .keys = keys,
                                   .values = values,
                                   .kv = kv_,
                                   .contexts = words(layout_.contexts),
                                   .table_starts = words(layout_.table_starts),
                                   .blocks = words(layout_.block_tables),
                                   .chunk_starts = words(layout_.chunk_starts),
                                   .sequences = counts_.decode_sequences,
                                   .heads = shape_.heads,
                                   .scale = scale(),
                                   .out = buffers_.attended,
                                   .partials = buffers_.partials,
                                   .stats = buffers_.stats};
    const std::int32_t head_tiles =
        shape_.kv_heads * ceil_div(shape_.heads / shape_.kv_heads, kTileHeads);
    using Kernel = DecodeAttention<kDim, kType>;
    device_.template launch<Kernel>({device_.decode_blocks(head_tiles), head_tiles},
                                    Kernel::shared_bytes(), args);
    device_.template launch<MergePieces>({counts_.decode_sequences, shape_.heads}, 0, args);
  }

  template <class Kernel>
  void prefill(const Bf16* keys, const Bf16* values, std::int32_t tiles) {
    const std::int32_t first = counts_.decode_sequences;
    device_.template launch<Kernel>({tiles, shape_.kv_heads}, Kernel::shared_bytes(),
                                    {.query = buffers_.qkv,
                                     .query_stride = query_stride(),
                                     .keys = keys,
                                     .values = values,
                                     .kv = kv_,
                                     .query_starts = words(layout_.query_starts) + first,
                                     .query_tokens = words(layout_.query_tokens) + first,
                                     .contexts = words(layout_.contexts) + first,
                                     .table_starts = words(layout_.table_starts) + first,
                                     .blocks = words(layout_.block_tables),
                                     .tile_starts = words(layout_.tile_starts),
                                     .sequences = counts_.sequences - first,
                                     .heads = shape_.heads,
                                     .scale = scale(),
                                     .out = buffers_.attended});
  }

  [[nodiscard]] std::int64_t query_stride() const {
    return std::int64_t{shape_.heads + 2 * shape_.kv_heads} * shape_.head_dim;
  }
  [[nodiscard]] float scale() const {  // 1 / sqrt(head_dim), for powers of two.
    return static_cast<float>(1.0 / std::sqrt(static_cast<double>(shape_.head_dim)) /
                              std::log(2.0));
  }

  Device& device_;
  const CudaModelShape& shape_;
  const DeviceBuffers& buffers_;
  const KvLayout& kv_;
  StepCounts counts_;
  StepLayout layout_;
};

}  // namespace ringmaster::engine::cuda
