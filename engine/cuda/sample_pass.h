#pragma once

#include <cstdint>

#include "engine/cuda/cuda_api.h"
#include "engine/cuda/device_model.h"
#include "engine/cuda/kernels/sample.cuh"
#include "engine/cuda/step_layout.h"

namespace ringmaster::engine::cuda {

/// The logits of `count` rows, whose final states are in DeviceBuffers::normed, and the tokens
/// drawn from them. `Device` is ForwardPass's.
template <class Device>
void draw_samples(Device& device, const CudaModelShape& shape, const DeviceWeights& weights,
                  const DeviceBuffers& buffers, const PackedRow* rows, std::int32_t count) {
  device.multiply({.x = buffers.normed,
                   .weight = weights.head,
                   .bias = nullptr,
                   .y = buffers.logits,
                   .rows = count,
                   .inputs = shape.hidden,
                   .outputs = shape.vocabulary,
                   .is_f32 = true});
  device.template launch<Sample>({count}, Sample::shared_bytes(),
                                 {.logits = buffers.logits,
                                  .rows = rows,
                                  .out = buffers.samples,
                                  .last_samples = buffers.last_samples,
                                  .vocabulary = shape.vocabulary});
}

}  // namespace ringmaster::engine::cuda
