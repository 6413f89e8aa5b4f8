#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "engine/cuda/cuda_api.h"
#include "engine/cuda/device_model.h"

namespace ringmaster::engine::cuda {

/// A host tensor and where it goes on the device.
struct WeightPart {
  HostTensor from;
  Bf16* to = nullptr;
  std::int64_t elements = 0;
};

struct WeightPlacement {
  DeviceWeights weights;
  std::vector<WeightPart> parts;  ///< All that has to be copied; angles of RoPE aside.
  std::int64_t elements = 0;      ///< Taken in all.
};

/// Lays the weights of a model out on a device: query, key and value rows one below the other as
/// one matrix, gate and up likewise. `take` returns room for so many elements, aligned to 256
/// bytes; it may return null, to measure only.
[[nodiscard]] WeightPlacement place_weights(const CudaOpenRequest& request,
                                            const std::function<Bf16*(std::int64_t)>& take);

/// Elements [first, first + count) of a tensor as bfloat16. Requires: the tensor has data.
void convert_to_bf16(const HostTensor& tensor, std::int64_t first, std::int64_t count, Bf16* to);

}  // namespace ringmaster::engine::cuda
