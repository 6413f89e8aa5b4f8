#pragma once

#include <cstdint>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/device_model.h"
#include "engine/cuda/kernels/gemv.cuh"

namespace ringmaster::engine::cuda {

/// Rows up to which a product has a kernel of its own, beside the library's.
inline constexpr std::int32_t kFewRowsMax = 4;

/// The product by the own kernel. `Device` has launch<Kernel>() as ForwardPass's.
/// Requires: 1 <= product.rows <= kFewRowsMax; 8 divides product.inputs.
template <class Device>
void multiply_few_rows(Device& device, const Product& product) {
  const GemvArgs args{.x = product.x,
                      .weight = product.weight,
                      .bias = product.bias,
                      .y = product.y,
                      .inputs = product.inputs,
                      .outputs = product.outputs,
                      .is_f32 = product.is_f32 ? 1 : 0};
  const auto launch = [&]<int kRows>() {
    const std::int32_t blocks = ceil_div(product.outputs, Gemv<kRows>::kBlockOutputs);
    device.template launch<Gemv<kRows>>({blocks, 1}, 0, args);
  };
  switch (product.rows) {
    case 1:
      return launch.template operator()<1>();
    case 2:
      return launch.template operator()<2>();
    case 3:
      return launch.template operator()<3>();
    default:
      return launch.template operator()<4>();
  }
}

}  // namespace ringmaster::engine::cuda
