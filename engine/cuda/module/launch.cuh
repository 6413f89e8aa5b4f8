#pragma once

#include "engine/cuda/module/gpu_lane.cuh"
#include "engine/cuda/module/launch.h"

namespace ringmaster::engine::cuda {

/// Beyond it a kernel has to be allowed more shared memory first.
inline constexpr std::int32_t kPlainSharedBytes = 48 << 10;

template <class Kernel>
__global__ void __launch_bounds__(Kernel::kThreads)
    run_kernel(const __grid_constant__ typename Kernel::Args args) {
  extern __shared__ __align__(16) unsigned char shared[];
  GpuLane lane(shared);
  Kernel::run(lane, args);
}

template <class Kernel>
cudaError_t launch_kernel(cudaStream_t stream, Grid grid, std::int32_t shared_bytes,
                          const typename Kernel::Args& args) {
  if (shared_bytes > kPlainSharedBytes) {
    // Once per kernel and process: the module runs one GPU.
    static const cudaError_t allowed = cudaFuncSetAttribute(
        run_kernel<Kernel>, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes);
    if (allowed != cudaSuccess) return allowed;
  }
  const dim3 blocks(static_cast<unsigned>(grid.x), static_cast<unsigned>(grid.y));
  run_kernel<Kernel>
      <<<blocks, Kernel::kThreads, static_cast<std::size_t>(shared_bytes), stream>>>(args);
  return cudaGetLastError();
}

}  // namespace ringmaster::engine::cuda

/// Builds a kernel into this file.
#define RINGMASTER_BUILD_KERNEL(...)                                         \
  template cudaError_t ringmaster::engine::cuda::launch_kernel<__VA_ARGS__>( \
      cudaStream_t, ringmaster::engine::cuda::Grid, std::int32_t, const __VA_ARGS__::Args&)
