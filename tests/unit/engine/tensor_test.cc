#include "engine/tensor.h"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

namespace ringmaster::engine {
namespace {

TEST(Tensor, ReadsBfloat16AsTheUpperHalfOfAFloat) {
  EXPECT_EQ(float_of_bf16(0x3f80), 1.0F);
  EXPECT_EQ(float_of_bf16(0xc040), -3.0F);
}

TEST(Tensor, RoundsToTheNearestBfloat16TiesToEven) {
  EXPECT_EQ(bf16_of_float(1.0F), 0x3f80);
  EXPECT_EQ(bf16_of_float(1.00390625F), 0x3f80);  // Half way to the next: to the even one below.
  EXPECT_EQ(bf16_of_float(1.01171875F), 0x3f82);  // Half way again: to the even one above.
  EXPECT_EQ(bf16_of_float(1.004F), 0x3f81);
}

TEST(Tensor, ReadsHalfPrecision) {
  EXPECT_EQ(float_of_f16(0x3c00), 1.0F);
  EXPECT_EQ(float_of_f16(0xc500), -5.0F);
  EXPECT_EQ(float_of_f16(0x0001), 0x1p-24F);
  EXPECT_EQ(float_of_f16(0x7bff), 65504.0F);
  EXPECT_TRUE(std::isinf(float_of_f16(0x7c00)));
  EXPECT_TRUE(std::isnan(float_of_f16(0x7e00)));
}

TEST(Tensor, GivesItsElementsAsFloats) {
  const std::array<std::uint16_t, 3> halves{0x3f80, 0x4000, 0xbf80};
  const TensorView view{.dtype = DType::kBf16,
                        .shape = {3},
                        .data = reinterpret_cast<const std::byte*>(halves.data())};
  EXPECT_EQ(floats_of(view), (std::vector<float>{1.0F, 2.0F, -1.0F}));
}

TEST(Tensor, PrintsItsShape) {
  EXPECT_EQ(shape_text({2, 3}), "[2, 3]");
}

}  // namespace
}  // namespace ringmaster::engine
