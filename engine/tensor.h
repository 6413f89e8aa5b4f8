#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ringmaster::engine {

/// Element types that a weight file may hold; the engine computes with the first three.
enum class DType { kF32, kBf16, kF16, kOther };

/// Sizes of a tensor, outermost first.
using Shape = std::vector<std::int64_t>;

[[nodiscard]] std::string_view dtype_name(DType dtype);
[[nodiscard]] std::string shape_text(const Shape& shape);  ///< "[64, 128]"

/// A tensor in memory that somebody else owns; row-major, little-endian, aligned to its element.
struct TensorView {
  DType dtype = DType::kOther;
  Shape shape;
  const std::byte* data = nullptr;
  std::string_view type_name = "?";  ///< As its file spells it; never freed.

  [[nodiscard]] bool present() const { return data != nullptr; }
};

using TensorMap = std::map<std::string, TensorView, std::less<>>;

/// The float that a bfloat16 (upper half of a float) or an IEEE half stands for; exact.
[[nodiscard]] float float_of_bf16(std::uint16_t bits);
[[nodiscard]] float float_of_f16(std::uint16_t bits);

/// Nearest bfloat16, ties to even. Requires: not NaN.
[[nodiscard]] std::uint16_t bf16_of_float(float value);

/// All elements as floats. Requires: a dtype other than kOther.
[[nodiscard]] std::vector<float> floats_of(const TensorView& tensor);

}  // namespace ringmaster::engine
