#pragma once

#include <cstdint>

#include "engine/cuda/attention_pass.h"
#include "engine/cuda/attention_plan.h"
#include "engine/cuda/cuda_api.h"
#include "engine/cuda/device_model.h"
#include "engine/cuda/kernels/embed.cuh"
#include "engine/cuda/kernels/rms_norm.cuh"
#include "engine/cuda/kernels/rope_store.cuh"
#include "engine/cuda/kernels/swiglu.cuh"
#include "engine/cuda/kv_layout.h"
#include "engine/cuda/sample_pass.h"
#include "engine/cuda/step_layout.h"

namespace ringmaster::engine::cuda {

/// One step of a decoder on a device: the order of kernels and products, nothing else; whole, or in
/// parts between which several devices add what each has computed (run_in_lockstep()). `Device` has
///   launch<Kernel>({x, y}, shared bytes, args)   multiply(Product)   decode_blocks(rows of grid y)
/// prefill_kernel() and is the GPU, a recording of it as a graph, or the tests' emulator.
template <class Device>
class ForwardPass {
 public:
  /// All references outlive the pass.
  ForwardPass(Device& device, const CudaModelShape& shape, const DeviceWeights& weights,
              const DeviceBuffers& buffers, const KvLayout& kv)
      : device_(device), shape_(shape), weights_(weights), buffers_(buffers), kv_(kv) {}

  void run(const CudaStep& step) {
    begin(step);
    for (std::int32_t i = 0; i < shape_.layers; ++i) {
      attend(i, step);
      feed_forward(i);
    }
    sample();
  }

  /// The first part of a step: the tokens' embeddings.
  void begin(const CudaStep& step) {
    counts_ = step.counts;
    layout_ = step_layout(step.counts);
    device_.template launch<Embed>({counts_.tokens}, 0,
                                   {.tokens = words(layout_.tokens),
                                    .last_samples = buffers_.last_samples,
                                    .table = weights_.embedding,
                                    .out = buffers_.hidden,
                                    .hidden = shape_.hidden,
                                    .vocabulary = shape_.vocabulary});
  }

  /// The attention of layer `index`, up to what is to be added in DeviceBuffers::projected.
  void attend(std::int32_t index, const CudaStep& step) {
    const DeviceLayer& layer = weights_.layers[static_cast<std::size_t>(index)];
    normalise(index == 0 ? nullptr : buffers_.projected, layer.attention_norm);
    attention(layer, index, step);
  }

  /// Its MLP, likewise.
  void feed_forward(std::int32_t index) {
    const DeviceLayer& layer = weights_.layers[static_cast<std::size_t>(index)];
    normalise(buffers_.projected, layer.mlp_norm);
    multiply(buffers_.normed, layer.gate_up, nullptr, buffers_.gate_up, shape_.hidden,
             2 * shape_.feed_forward);
    device_.template launch<SwiGlu>(
        {ceil_div(shape_.feed_forward / 8, SwiGlu::kThreads), counts_.tokens}, 0,
        {.gate_up = buffers_.gate_up, .out = buffers_.activation, .width = shape_.feed_forward});
    multiply(buffers_.activation, layer.down, nullptr, buffers_.projected, shape_.feed_forward,
             shape_.hidden);
  }

  /// The last part: logits and samples, on a device that has the output head.
  void sample() {
    if (counts_.rows == 0 || weights_.head == nullptr) return;
    const auto* rows = reinterpret_cast<const PackedRow*>(words(layout_.rows));
    normalise(buffers_.projected, weights_.final_norm, rows);
    draw_samples(device_, shape_, weights_, buffers_, rows, counts_.rows);
  }

 private:
  [[nodiscard]] const std::int32_t* words(std::int32_t offset) const {
    return buffers_.words + offset;
  }

  /// Of the hidden states of all tokens, or only of those that `rows` draw from.
  void normalise(const Bf16* addition, const Bf16* weight, const PackedRow* rows = nullptr) {
    device_.template launch<RmsNorm>({rows == nullptr ? counts_.tokens : counts_.rows},
                                     RmsNorm::shared_bytes(),
                                     {.hidden = buffers_.hidden,
                                      .addition = addition,
                                      .weight = weight,
                                      .out = buffers_.normed,
                                      .rows = rows == nullptr ? nullptr : &rows->token_row,
                                      .row_stride = sizeof(PackedRow) / 4,
                                      .width = shape_.hidden,
                                      .epsilon = shape_.norm_epsilon,
                                      .writes_hidden = addition != nullptr && rows == nullptr});
  }

  void multiply(const Bf16* x, const Bf16* weight, const Bf16* bias, Bf16* y, std::int32_t inputs,
                std::int32_t outputs) {
    device_.multiply({.x = x,
                      .weight = weight,
                      .bias = bias,
                      .y = y,
                      .rows = counts_.tokens,
                      .inputs = inputs,
                      .outputs = outputs});
  }

  void attention(const DeviceLayer& layer, std::int32_t index, const CudaStep& step) {
    const std::int32_t units = shape_.heads + 2 * shape_.kv_heads;
    const std::int32_t width = shape_.heads * shape_.head_dim;
    multiply(buffers_.normed, layer.qkv, layer.qkv_bias, buffers_.qkv, shape_.hidden,
             units * shape_.head_dim);
    Bf16* keys = buffers_.cache + kv_.plane(index, 0);
    Bf16* values = buffers_.cache + kv_.plane(index, 1);
    device_.template launch<RopeStore>({ceil_div(units, RopeStore::kWarps), counts_.tokens}, 0,
                                       {.qkv = buffers_.qkv,
                                        .keys = keys,
                                        .values = values,
                                        .query_norm = layer.query_norm,
                                        .key_norm = layer.key_norm,
                                        .cosines = weights_.cosines,
                                        .sines = weights_.sines,
                                        .positions = words(layout_.positions),
                                        .kv_slots = words(layout_.kv_slots),
                                        .kv = kv_,
                                        .heads = shape_.heads,
                                        .epsilon = shape_.norm_epsilon});
    AttentionPass<Device>(device_, shape_, buffers_, kv_).run(keys, values, step);
    multiply(buffers_.attended, layer.attention_out, nullptr, buffers_.projected, width,
             shape_.hidden);
  }

  Device& device_;
  const CudaModelShape& shape_;
  const DeviceWeights& weights_;
  const DeviceBuffers& buffers_;
  const KvLayout& kv_;
  StepCounts counts_;
  StepLayout layout_;
};

}  // namespace ringmaster::engine::cuda
