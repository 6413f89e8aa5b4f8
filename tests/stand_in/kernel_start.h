#pragma once

#include <cstdint>
#include <functional>

#include <cuda_runtime.h>

namespace ringmaster::stand_in {

struct LaunchSize {
  int x = 1;
  int y = 1;
  int threads = 1;  ///< Of a block.
  std::int32_t shared_bytes = 0;
};

/// Starts a kernel on a stream, within what a GPU of compute capability 9.0 allows.
cudaError_t start_kernel(cudaStream_t stream, const LaunchSize& size, std::function<void()> run);

}  // namespace ringmaster::stand_in
