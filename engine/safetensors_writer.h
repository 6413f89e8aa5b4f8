#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/tensor.h"

namespace ringmaster::engine {

/// A tensor to be written; its values are stored in `dtype`.
struct NamedTensor {
  std::string name;  ///< Without characters that JSON must escape.
  Shape shape;
  std::vector<float> values;  ///< [product of shape]
};

/// The bytes of a safetensors file: the tensors in the given order, its header padded to 8 bytes so
/// that every tensor is aligned. Requires: dtype is kF32 or kBf16.
[[nodiscard]] std::string write_safetensors(std::span<const NamedTensor> tensors, DType dtype);

}  // namespace ringmaster::engine
