#include "engine/tensor.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "base/check.h"

namespace ringmaster::engine {

std::string_view dtype_name(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "F32";
    case DType::kBf16:
      return "BF16";
    case DType::kF16:
      return "F16";
    case DType::kOther:
      return "another type";
  }
  return "unknown";
}

std::string shape_text(const Shape& shape) {
  std::string text = "[";
  for (const std::int64_t size : shape) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(size);
  }
  return text + "]";
}

float float_of_bf16(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16U);
}

float float_of_f16(std::uint16_t bits) {
  const bool negative = (bits & 0x8000U) != 0;
  const auto exponent = static_cast<int>((bits >> 10U) & 0x1fU);
  const auto fraction = static_cast<float>(bits & 0x3ffU);
  float magnitude = 0.0F;
  if (exponent == 0) {
    magnitude = std::ldexp(fraction, -24);
  } else if (exponent == 31) {
    magnitude = fraction == 0.0F ? INFINITY : NAN;
  } else {
    magnitude = std::ldexp(fraction + 1024.0F, exponent - 25);
  }
  return negative ? -magnitude : magnitude;
}

std::uint16_t bf16_of_float(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t round_up = 0x7fffU + ((bits >> 16U) & 1U);
  return static_cast<std::uint16_t>((bits + round_up) >> 16U);
}

std::vector<float> floats_of(const TensorView& tensor) {
  RINGMASTER_CHECK(tensor.dtype != DType::kOther);
  std::size_t count = 1;
  for (const std::int64_t size : tensor.shape) count *= static_cast<std::size_t>(size);
  std::vector<float> values(count);
  if (count == 0) return values;
  if (tensor.dtype == DType::kF32) {
    std::memcpy(values.data(), tensor.data, count * sizeof(float));
    return values;
  }
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, tensor.data + i * sizeof bits, sizeof bits);
    values[i] = tensor.dtype == DType::kBf16 ? float_of_bf16(bits) : float_of_f16(bits);
  }
  return values;
}

}  // namespace ringmaster::engine
