#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace ringmaster::engine::cuda {

struct Grid {
  int x = 1;
  int y = 1;
};

/// Starts a kernel of engine/cuda/kernels on a stream. Defined for the kernels that are built into
/// the module: see launch.cuh.
template <class Kernel>
cudaError_t launch_kernel(cudaStream_t stream, Grid grid, std::int32_t shared_bytes,
                          const typename Kernel::Args& args);

}  // namespace ringmaster::engine::cuda
