#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace ringmaster::engine::cuda {

struct Grid {
  int x = 1;
  int y = 1;
};

/// Where kernels are started, one after the other.
struct LaunchQueue {
  cudaStream_t stream = nullptr;
  /// By programmatic dependent launch. Requires: kernel_code() says that it can.
  bool overlaps_launches = false;
};

/// Starts a kernel of engine/cuda/kernels. Defined for the kernels that are built into the module:
/// see launch.cuh.
template <class Kernel>
cudaError_t launch_kernel(const LaunchQueue& queue, Grid grid, std::int32_t shared_bytes,
                          const typename Kernel::Args& args);

/// What of this build runs on the current GPU.
struct KernelCode {
  cudaError_t status = cudaSuccess;  ///< Not so if nothing was compiled for such a GPU.
  /// Whether kernels wait for the one before by themselves: they do if compiled for compute
  /// capability 9.0 or later. Older code, also where the driver translates it for a newer GPU,
  /// would read what is not yet written.
  bool can_overlap_launches = false;
  bool has_wgmma = false;  ///< Whether it was compiled for 90a and is on such a GPU.
};
[[nodiscard]] KernelCode kernel_code();

}  // namespace ringmaster::engine::cuda
