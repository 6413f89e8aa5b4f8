#pragma once

#include <cstdint>

#include <cuda_runtime.h>

// The instructions of a warpgroup's products (PTX ISA, "Asynchronous warpgroup level matrix
// instructions"), which only code for sm_90a has. All 128 threads execute each of them.

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
/// Whether the code being compiled has them; kernels that use them run nowhere else.
#define RINGMASTER_HAS_WGMMA 1
#else
#define RINGMASTER_HAS_WGMMA 0
#endif

#define RINGMASTER_SUMS_1(s, t) "+f"(s[t][0]), "+f"(s[t][1]), "+f"(s[t][2]), "+f"(s[t][3])
#define RINGMASTER_SUMS_4(s, t)                                                      \
  RINGMASTER_SUMS_1(s, t), RINGMASTER_SUMS_1(s, t + 1), RINGMASTER_SUMS_1(s, t + 2), \
      RINGMASTER_SUMS_1(s, t + 3)
#define RINGMASTER_SUMS_8(s, t) RINGMASTER_SUMS_4(s, t), RINGMASTER_SUMS_4(s, t + 4)
#define RINGMASTER_NAMES_32                                                \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, " \
  "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define RINGMASTER_NAMES_64                                                       \
  RINGMASTER_NAMES_32                                                             \
  ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, " \
  "%47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"

namespace ringmaster::engine::cuda::warpgroup {

/// What this thread wrote to shared memory becomes visible to products (after a barrier, also to
/// those of others).
__device__ __forceinline__ void fence_shared() {
#if RINGMASTER_HAS_WGMMA
  asm volatile("fence.proxy.async.shared::cta;\n" ::: "memory");
#endif
}

/// Ahead of products whose registers were touched.
__device__ __forceinline__ void fence_registers() {
#if RINGMASTER_HAS_WGMMA
  asm volatile("wgmma.fence.sync.aligned;\n" ::: "memory");
#else
  __trap();
#endif
}

__device__ __forceinline__ void commit() {
#if RINGMASTER_HAS_WGMMA
  asm volatile("wgmma.commit_group.sync.aligned;\n" ::: "memory");
#endif
}

template <int kPending>
__device__ __forceinline__ void wait() {
#if RINGMASTER_HAS_WGMMA
  asm volatile("wgmma.wait_group.sync.aligned %0;\n" ::"n"(kPending) : "memory");
#endif
}

/// Keeps the compiler from moving what uses the registers to before the instruction ahead of this,
/// and what writes them to after the one behind it.
template <int kTiles>
__device__ __forceinline__ void hold(float (&sums)[kTiles][4]) {
#pragma unroll
  for (int t = 0; t < kTiles; ++t) {
    asm volatile("" : RINGMASTER_SUMS_1(sums, t)::"memory");
  }
}
template <int kTiles>
__device__ __forceinline__ void hold(std::uint32_t (&operands)[kTiles][4]) {
#pragma unroll
  for (int t = 0; t < kTiles; ++t) {
    std::uint32_t(&a)[4] = operands[t];
    asm volatile("" : "+r"(a[0]), "+r"(a[1]), "+r"(a[2]), "+r"(a[3])::"memory");
  }
}

/// 64 x 64 sums of products of 16, both operands' rows in shared memory; added to what is there if
/// `adds` is not 0.
__device__ __forceinline__ void multiply(float (&sums)[8][4], std::uint64_t a, std::uint64_t b,
                                         int adds) {
#if RINGMASTER_HAS_WGMMA
  asm volatile(
      "{\n.reg .pred adds;\nsetp.ne.b32 adds, %34, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {" RINGMASTER_NAMES_32
      "}, %32, %33, adds, 1, 1, 0, 0;\n}\n"
      : RINGMASTER_SUMS_8(sums, 0)
      : "l"(a), "l"(b), "r"(adds));
#endif
}

/// Adds 64 x 64 sums: `a` in registers, the second operand's columns in shared memory.
__device__ __forceinline__ void multiply(float (&sums)[8][4], const std::uint32_t (&a)[4],
                                         std::uint64_t b) {
#if RINGMASTER_HAS_WGMMA
  asm volatile("wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {" RINGMASTER_NAMES_32
               "}, {%32, %33, %34, %35}, %36, 1, 1, 1, 1;\n"
               : RINGMASTER_SUMS_8(sums, 0)
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
#endif
}

/// As the one before, with 64 x 128 sums.
__device__ __forceinline__ void multiply(float (&sums)[16][4], const std::uint32_t (&a)[4],
                                         std::uint64_t b) {
#if RINGMASTER_HAS_WGMMA
  asm volatile("wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" RINGMASTER_NAMES_64
               "}, {%64, %65, %66, %67}, %68, 1, 1, 1, 1;\n"
               : RINGMASTER_SUMS_8(sums, 0), RINGMASTER_SUMS_8(sums, 8)
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
#endif
}

}  // namespace ringmaster::engine::cuda::warpgroup

#undef RINGMASTER_SUMS_1
#undef RINGMASTER_SUMS_4
#undef RINGMASTER_SUMS_8
#undef RINGMASTER_NAMES_32
#undef RINGMASTER_NAMES_64
