#pragma once

#include "engine/cuda/module/gpu_lane.cuh"
#include "engine/cuda/module/launch.h"

namespace ringmaster::engine::cuda {

/// Beyond it a kernel has to be allowed more shared memory first.
inline constexpr std::int32_t kPlainSharedBytes = 48 << 10;

/// With `overlaps` by programmatic dependent launch: lets the next kernel come while this one still
/// runs, and waits until the one before is complete and its writes are visible. Every kernel does
/// it before all else, so none has to know what it reads of whom, and one that is complete has
/// waited for all before it.
template <class Kernel>
__global__ void __launch_bounds__(Kernel::kThreads)
    run_kernel(const __grid_constant__ typename Kernel::Args args, bool overlaps) {
  extern __shared__ __align__(16) unsigned char shared[];
  GpuLane lane(shared);
  // Else nothing of it is in the way: the library's kernels may be such that come early, too.
  if (overlaps) {
    lane.let_next_launch_come();
    lane.wait_for_launch_before();
  }
  Kernel::run(lane, args);
}

/// Once for each kernel and GPU: a kernel always takes as much. One thread at a time: the module's
/// functions ask for that.
template <class Kernel>
cudaError_t allow_shared_bytes(std::int32_t shared_bytes) {
  static std::uint64_t done = 0;  // A bit for each of the first 64 GPUs.
  int gpu = 0;
  if (const cudaError_t asked = cudaGetDevice(&gpu); asked != cudaSuccess) return asked;
  if (gpu < 64 && (done >> gpu & 1U) != 0) return cudaSuccess;
  const cudaError_t allowed =
      cudaFuncSetAttribute(reinterpret_cast<const void*>(run_kernel<Kernel>),
                           cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes);
  if (allowed == cudaSuccess && gpu < 64) done |= std::uint64_t{1} << gpu;
  return allowed;
}

template <class Kernel>
cudaError_t launch_kernel(const LaunchQueue& queue, Grid grid, std::int32_t shared_bytes,
                          const typename Kernel::Args& args) {
  if (shared_bytes > kPlainSharedBytes) {
    const cudaError_t allowed = allow_shared_bytes<Kernel>(shared_bytes);
    if (allowed != cudaSuccess) return allowed;
  }
  cudaLaunchAttribute overlap{};
  overlap.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  overlap.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(static_cast<unsigned>(grid.x), static_cast<unsigned>(grid.y));
  config.blockDim = dim3(Kernel::kThreads);
  config.dynamicSmemBytes = static_cast<std::size_t>(shared_bytes);
  config.stream = queue.stream;
  config.attrs = &overlap;
  config.numAttrs = queue.overlaps_launches ? 1 : 0;
  return cudaLaunchKernelEx(&config, run_kernel<Kernel>, args, queue.overlaps_launches);
}

}  // namespace ringmaster::engine::cuda

/// Builds a kernel into this file.
#define RINGMASTER_BUILD_KERNEL(...)                                                              \
  template cudaError_t ringmaster::engine::cuda::launch_kernel<__VA_ARGS__>(                      \
      const ringmaster::engine::cuda::LaunchQueue&, ringmaster::engine::cuda::Grid, std::int32_t, \
      const __VA_ARGS__::Args&)
