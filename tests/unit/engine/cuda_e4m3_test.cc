#include <cmath>
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

#include "engine/cuda/kernels/e4m3.h"

namespace ringmaster::engine::cuda {
namespace {

/// What a code stands for, by the definition of the format: sign, 4 bits of exponent with a bias of
/// 7, 3 of mantissa, subnormal where the exponent is 0.
double value_of(int code) {
  const int exponent = code >> 3 & 15;
  const int mantissa = code & 7;
  const double size =
      exponent == 0 ? std::ldexp(mantissa, -9) : std::ldexp(8 + mantissa, exponent - 10);
  return (code & 0x80) != 0 ? -size : size;
}

/// The nearest code, the even one of two as near; found by looking at all of them.
int nearest(double value) {
  int best = 0;
  for (int code = 0; code < 0x7f; ++code) {
    const double distance = std::abs(value_of(code) - std::abs(value));
    const double shortest = std::abs(value_of(best) - std::abs(value));
    if (distance < shortest || (distance == shortest && code % 2 == 0)) best = code;
  }
  return best | (std::signbit(value) ? 0x80 : 0);
}

TEST(E4m3, ReadsEveryCodeAsTheFormatSays) {
  for (int code = 0; code < 256; ++code) {
    if ((code & 0x7f) == 0x7f) continue;
    EXPECT_EQ(from_e4m3(static_cast<std::uint8_t>(code)), value_of(code)) << code;
  }
}

TEST(E4m3, RoundsEveryBfloat16ToTheNearest) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = to_float(Bf16{static_cast<std::uint16_t>(bits)});
    if (value != value) continue;
    ASSERT_EQ(to_e4m3(value), nearest(value)) << value;
  }
}

TEST(E4m3, RoundsHalfWayValuesAndTheirNeighboursCorrectly) {
  for (int code = 0; code < 0x7e; ++code) {
    const auto middle = static_cast<float>((value_of(code) + value_of(code + 1)) / 2.0);
    for (const float value : {middle, std::nextafter(middle, 0.0F), std::nextafter(middle, 1e9F)}) {
      ASSERT_EQ(to_e4m3(value), nearest(value)) << value;
      ASSERT_EQ(to_e4m3(-value), nearest(-value)) << -value;
    }
  }
}

TEST(E4m3, RoundsTheseNumbersToTheseCodes) {
  constexpr float kInfinite = std::numeric_limits<float>::infinity();
  const struct {
    float value;
    int code;
  } table[] = {{0.0F, 0x00},
               {-0.0F, 0x80},
               {std::numeric_limits<float>::denorm_min(), 0x00},
               {0x1.0p-10F, 0x00},  // Half of the smallest: to the even one.
               {0x1.000002p-10F, 0x01},
               {0x1.0p-9F, 0x01},
               {0x1.8p-9F, 0x02},  // Half way between the first and the second.
               {0x1.cp-7F, 0x07},  // The largest subnormal,
               {0x1.ep-7F, 0x08},  // half way to the smallest normal one,
               {0x1.0p-6F, 0x08},  // and that.
               {0.9375F, 0x37},
               {1.0F, 0x38},
               {1.0625F, 0x38},  // Half way, to the even one below,
               {1.1875F, 0x3a},  // and above.
               {-1.0F, 0xb8},
               {415.9F, 0x7d},
               {431.9F, 0x7d},
               {432.0F, 0x7e},
               {448.0F, 0x7e},
               {464.0F, 0x7e},  // Where the next number would be nearer, were there one.
               {480.0F, 0x7e},
               {1e30F, 0x7e},
               {kInfinite, 0x7e},
               {-449.0F, 0xfe},
               {-kInfinite, 0xfe}};
  for (const auto& [value, code] : table) EXPECT_EQ(to_e4m3(value), code) << value;
}

TEST(E4m3, ReadsTheseCodesAsTheseNumbers) {
  const struct {
    int code;
    float value;
  } table[] = {{0x00, 0.0F},         {0x01, 0.001953125F}, {0x07, 0.013671875F}, {0x08, 0.015625F},
               {0x37, 0.9375F},      {0x38, 1.0F},         {0x3c, 1.5F},         {0x40, 2.0F},
               {0x7d, 416.0F},       {0x7e, 448.0F},       {0xb8, -1.0F},        {0xfe, -448.0F},
               {0x81, -0.001953125F}};
  for (const auto& [code, value] : table) {
    EXPECT_EQ(from_e4m3(static_cast<std::uint8_t>(code)), value) << code;
  }
  EXPECT_TRUE(std::signbit(from_e4m3(0x80)));
}

TEST(E4m3, KeepsWhatIsNoNumberApartAndReadsItAs480) {
  EXPECT_EQ(to_e4m3(std::nanf("")) & 0x7f, 0x7f);
  EXPECT_EQ(from_e4m3(0x7f), 480.0F);  // Its row's scale, which is none, makes it none again.
}

TEST(E4m3, WidensFourAtATimeInOrder) {
  std::uint32_t pairs[2];
  widen_e4m3(0xb8'01'7e'38U, pairs);
  EXPECT_EQ(low_half(pairs[0]), 1.0F);
  EXPECT_EQ(high_half(pairs[0]), 448.0F);
  EXPECT_EQ(low_half(pairs[1]), 0x1.0p-9F);
  EXPECT_EQ(high_half(pairs[1]), -1.0F);
}

TEST(E4m3, ScalesTheLargestOfARowToItsOwnLargest) {
  EXPECT_EQ(e4m3_scale(896.0F), 2.0F);
  EXPECT_EQ(e4m3_scale(448.0F), 1.0F);
}

TEST(E4m3, HasAScaleThatCanBeDividedByForTheSmallestRows) {
  EXPECT_EQ(e4m3_scale(0.0F), 0x1.0p-126F);
  EXPECT_EQ(e4m3_scale(1e-44F), 0x1.0p-126F);
  EXPECT_EQ(e4m3_scale(448.0F * 0x1.0p-125F), 0x1.0p-125F);
}

TEST(E4m3, HasAScaleThatIsNotFiniteForARowThatIsNot) {
  EXPECT_TRUE(std::isnan(e4m3_scale(std::nanf(""))));
  EXPECT_EQ(e4m3_scale(std::numeric_limits<float>::infinity()),
            std::numeric_limits<float>::infinity());
}

}  // namespace
}  // namespace ringmaster::engine::cuda
