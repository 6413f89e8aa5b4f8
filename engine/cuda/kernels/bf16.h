#pragma once

#include <cstdint>

#if defined(__CUDACC__)
#include <cuda_bf16.h>
/// Runs on the device; in the tests, in the grid emulator on the host.
#define RINGMASTER_KERNEL __device__ __forceinline__
/// Runs on both.
#define RINGMASTER_BOTH __host__ __device__ __forceinline__
#define RINGMASTER_UNROLL _Pragma("unroll")
#define RINGMASTER_NO_UNROLL _Pragma("unroll 1")
#else
#include <bit>
#define RINGMASTER_KERNEL inline
#define RINGMASTER_BOTH inline
#define RINGMASTER_UNROLL
#define RINGMASTER_NO_UNROLL
#endif

namespace ringmaster::engine::cuda {

/// A bfloat16: the upper half of a float.
struct Bf16 {
  std::uint16_t bits;
};

/// Eight of them, moved by one instruction.
struct alignas(16) Bf16x8 {
  Bf16 at[8];
};

/// Sixteen bytes as registers hold them: eight bfloat16 in pairs.
struct alignas(16) Words4 {
  std::uint32_t at[4];
};

[[nodiscard]] RINGMASTER_BOTH float to_float(Bf16 value) {
#if defined(__CUDA_ARCH__)
  return __uint_as_float(static_cast<std::uint32_t>(value.bits) << 16U);
#elif defined(__CUDACC__)
  return __bfloat162float(__ushort_as_bfloat16(value.bits));
#else
  return std::bit_cast<float>(std::uint32_t{value.bits} << 16U);
#endif
}

/// Nearest bfloat16, ties to even; a NaN stays one.
[[nodiscard]] RINGMASTER_BOTH Bf16 to_bf16(float value) {
#if defined(__CUDACC__)
  return {__bfloat16_as_ushort(__float2bfloat16_rn(value))};
#else
  if (value != value) return {0x7fff};
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return {static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16U) & 1U)) >> 16U)};
#endif
}

/// What is left of a value that is stored as a bfloat16.
[[nodiscard]] RINGMASTER_BOTH float rounded(float value) {
  return to_float(to_bf16(value));
}

/// Two of them in one register, `low` in the lower half.
[[nodiscard]] RINGMASTER_BOTH std::uint32_t packed(float low, float high) {
#if defined(__CUDA_ARCH__)
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);  // One instruction.
  std::uint32_t bits;
  static_assert(sizeof pair == sizeof bits);
  memcpy(&bits, &pair, sizeof bits);
  return bits;
#else
  return to_bf16(low).bits | static_cast<std::uint32_t>(to_bf16(high).bits) << 16U;
#endif
}

/// The halves of such a register.
[[nodiscard]] RINGMASTER_BOTH float low_half(std::uint32_t pair) {
  return to_float(Bf16{static_cast<std::uint16_t>(pair)});
}
[[nodiscard]] RINGMASTER_BOTH float high_half(std::uint32_t pair) {
  return to_float(Bf16{static_cast<std::uint16_t>(pair >> 16U)});
}

}  // namespace ringmaster::engine::cuda
