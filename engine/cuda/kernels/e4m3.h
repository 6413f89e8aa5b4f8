#pragma once

#include <cstdint>
#include <cstring>

#include "engine/cuda/kernels/bf16.h"

#if defined(__CUDACC__)
#include <cuda_bf16.h>
#endif

// FP8 as in the "OFP8 Formats" specification of the Open Compute Project, E4M3: sign, 4 bits of
// exponent (bias 7), 3 of mantissa; no infinities; 0x7f and 0xff are no numbers.

namespace ringmaster::engine::cuda {

/// The largest number.
inline constexpr float kE4m3Max = 448.0F;

[[nodiscard]] RINGMASTER_BOTH std::uint32_t bits_of(float value) {
  std::uint32_t bits = 0;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

[[nodiscard]] RINGMASTER_BOTH float float_of(std::uint32_t bits) {
  float value = 0.0F;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/// The bits of a number without its sign.
[[nodiscard]] RINGMASTER_BOTH std::uint32_t size_bits(float value) {
  return bits_of(value) & 0x7fffffffU;
}

/// Nearest e4m3, ties to even; what is larger than 448 becomes that, what is no number stays none.
[[nodiscard]] RINGMASTER_BOTH std::uint8_t to_e4m3(float value) {
  const std::uint32_t bits = bits_of(value);
  const std::uint32_t sign = bits >> 24U & 0x80U;
  const std::uint32_t size = size_bits(value);
  std::uint32_t rounded = 0x7eU;  // 448.
  if (size > 0x7f800000U) {
    rounded = 0x7fU;
  } else if (size < 0x3c800000U) {  // Less than 2^-6: steps of 2^-9, which 1.5 * 2^14 has too.
    const float shifted = (value < 0.0F ? -value : value) + 24576.0F;
    rounded = bits_of(shifted) & 0xfU;
  } else if (size < 0x43e00000U) {  // Less than 448.
    rounded = ((size + 0x7ffffU + (size >> 20U & 1U)) >> 20U) - (120U << 3U);
  }
  return static_cast<std::uint8_t>(sign | rounded);
}

/// Two numbers in the upper bytes of the halves of a word, as two bfloat16; exact. What is no
/// number reads as 480.
[[nodiscard]] RINGMASTER_BOTH std::uint32_t bf16_of_upper_bytes(std::uint32_t word) {
  // As the bits of a bfloat16, whose exponents have a bias of 127, it is 2^120 times too small.
  const std::uint32_t small = (word & 0x80008000U) | (word >> 4U & 0x07f007f0U);
#if defined(__CUDA_ARCH__)
  const __nv_bfloat162 factor = __float2bfloat162_rn(0x1.0p120F);
  __nv_bfloat162 pair;
  static_assert(sizeof pair == sizeof small);
  memcpy(&pair, &small, sizeof pair);
  pair = __hmul2(pair, factor);
  std::uint32_t result;
  memcpy(&result, &pair, sizeof result);
  return result;
#else
  return packed(low_half(small) * 0x1.0p120F, high_half(small) * 0x1.0p120F);
#endif
}

/// Four numbers, the first in the lowest byte, as two words of two bfloat16.
RINGMASTER_BOTH void widen_e4m3(std::uint32_t four, std::uint32_t (&to)[2]) {
  to[0] = bf16_of_upper_bytes((four & 0xffU) << 8U | (four & 0xff00U) << 16U);
  to[1] = bf16_of_upper_bytes((four & 0xff0000U) >> 8U | (four & 0xff000000U));
}

[[nodiscard]] RINGMASTER_BOTH float from_e4m3(std::uint8_t value) {
  return low_half(bf16_of_upper_bytes(std::uint32_t{value} << 8U));
}

/// What a row whose largest number is `largest` is divided by before it is stored as e4m3, so that
/// the largest becomes 448; never less than the smallest normal float. None or infinite if
/// `largest` is: nothing that is read back from such a row is finite, as nothing was before.
[[nodiscard]] RINGMASTER_BOTH float e4m3_scale(float largest) {
  constexpr float kSmallest = 0x1.0p-126F;
  const float scale = largest / kE4m3Max;
  return scale < kSmallest ? kSmallest : scale;
}

}  // namespace ringmaster::engine::cuda
