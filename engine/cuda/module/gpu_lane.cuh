#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/module/warpgroup.cuh"

namespace ringmaster::engine::cuda {

// Programmatic dependent launch, which code for older GPUs does not have.
namespace programmatic_launch {

__device__ __forceinline__ void trigger() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  cudaTriggerProgrammaticLaunchCompletion();
#endif
}
__device__ __forceinline__ void wait() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  cudaGridDependencySynchronize();
#endif
}

}  // namespace programmatic_launch

/// What a kernel of engine/cuda/kernels sees of the GPU. tests/support/grid_emulator.h has the same
/// functions for the host, with what each of them means.
class GpuLane {
 public:
  __device__ explicit GpuLane(unsigned char* shared) : shared_(shared) {}

  /// The next kernel may come while this one runs.
  __device__ __forceinline__ void let_next_launch_come() { programmatic_launch::trigger(); }
  /// Until the kernel before is complete and its writes are visible.
  __device__ __forceinline__ void wait_for_launch_before() { programmatic_launch::wait(); }

  __device__ __forceinline__ int thread() const { return static_cast<int>(threadIdx.x); }
  __device__ __forceinline__ int threads() const { return static_cast<int>(blockDim.x); }
  __device__ __forceinline__ int block_x() const { return static_cast<int>(blockIdx.x); }
  __device__ __forceinline__ int block_y() const { return static_cast<int>(blockIdx.y); }
  __device__ __forceinline__ int grid_x() const { return static_cast<int>(gridDim.x); }
  __device__ __forceinline__ void* shared() { return shared_; }

  __device__ __forceinline__ void sync() { __syncthreads(); }
  __device__ __forceinline__ void sync_warp() { __syncwarp(); }

  template <class T>
  __device__ __forceinline__ T shuffle_xor(T value, int mask) {
    return __shfl_xor_sync(kAllLanes, value, mask);
  }
  template <class T>
  __device__ __forceinline__ T shuffle(T value, int from) {
    return __shfl_sync(kAllLanes, value, from);
  }

  __device__ __forceinline__ void atomic_add(std::uint64_t* to, std::uint64_t value) {
    atomicAdd(reinterpret_cast<unsigned long long*>(to), static_cast<unsigned long long>(value));
  }

  /// The value, known to the compiler only here: what is derived from it is not computed ahead of a
  /// loop and kept in registers, of which the kernels have none to spare.
  static __device__ __forceinline__ int fresh(int value) {
    asm volatile("" : "+r"(value));
    return value;
  }

  /// 16 bytes of what a step reads once: they do not displace what it reads often.
  __device__ __forceinline__ Words4 load_once(const void* from) {
    Words4 words;
    asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];\n"
                 : "=r"(words.at[0]), "=r"(words.at[1]), "=r"(words.at[2]), "=r"(words.at[3])
                 : "l"(from));
    return words;
  }

  /// 16 bytes; zeros if not valid.
  __device__ __forceinline__ void copy_async(void* to, const void* from, bool is_valid) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(shared_address(to)),
                 "l"(from), "r"(is_valid ? 16 : 0)
                 : "memory");
  }
  __device__ __forceinline__ void commit_copies() {
    asm volatile("cp.async.commit_group;\n" ::: "memory");
  }
  template <int kPending>
  __device__ __forceinline__ void wait_copies() {
    asm volatile("cp.async.wait_group %0;\n" ::"n"(kPending) : "memory");
  }

  __device__ __forceinline__ void load_matrix(std::uint32_t (&to)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];\n"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(shared_address(row))
                 : "memory");
  }
  __device__ __forceinline__ void load_matrix_transposed(std::uint32_t (&to)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];\n"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(shared_address(row))
                 : "memory");
  }

  __device__ __forceinline__ void multiply_add(float (&sums)[4], const std::uint32_t (&a)[4],
                                               std::uint32_t b0, std::uint32_t b1) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};\n"
        : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  }

  /// Of shared memory, as descriptors of matrices say it.
  static __device__ __forceinline__ std::uint32_t shared_address(const void* at) {
    return static_cast<std::uint32_t>(__cvta_generic_to_shared(at));
  }
  __device__ __forceinline__ void show_to_products() { warpgroup::fence_shared(); }
  template <class... Registers>
  __device__ __forceinline__ void begin_products(Registers&... written) {
    (warpgroup::hold(written), ...);
    warpgroup::fence_registers();
  }
  __device__ __forceinline__ void multiply_matrices(float (&sums)[8][4], std::uint64_t a,
                                                    std::uint64_t b, bool adds) {
    warpgroup::multiply(sums, a, b, adds ? 1 : 0);
  }
  template <int kTiles>
  __device__ __forceinline__ void add_weighted_rows(float (&sums)[kTiles][4],
                                                    const std::uint32_t (&a)[4], std::uint64_t b) {
    warpgroup::multiply(sums, a, b);
  }
  __device__ __forceinline__ void commit_products() { warpgroup::commit(); }
  template <int kPending, int kTiles>
  __device__ __forceinline__ void finish_products(float (&sums)[kTiles][4]) {
    warpgroup::wait<kPending>();
    warpgroup::hold(sums);
  }

 private:
  static constexpr unsigned kAllLanes = 0xffffffffU;

  unsigned char* shared_;
};

}  // namespace ringmaster::engine::cuda
