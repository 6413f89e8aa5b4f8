#pragma once

// In the place of the module's header of this name, for its own lists of kernels: each one is run
// by the grid emulator when its stream comes to it.

#include <functional>

#include "engine/cuda/module/launch.h"
#include "tests/stand_in/kernel_start.h"
#include "tests/support/grid_emulator.h"

namespace ringmaster::engine::cuda {

/// What names a kernel to cudaFuncGetAttributes().
template <class Kernel>
inline constexpr const void* run_kernel = nullptr;

template <class Kernel>
cudaError_t launch_kernel(const LaunchQueue& queue, Grid grid, std::int32_t shared_bytes,
                          const typename Kernel::Args& args) {
  static_assert(sizeof args <= 4096 - sizeof(bool));  // What a kernel may be given.
  return stand_in::start_kernel(queue.stream, {grid.x, grid.y, Kernel::kThreads, shared_bytes},
                                [grid, shared_bytes, args] {
                                  static GridEmulator emulator;
                                  emulator.launch<Kernel>({grid.x, grid.y}, shared_bytes, args);
                                });
}

}  // namespace ringmaster::engine::cuda

/// Builds a kernel into this file.
#define RINGMASTER_BUILD_KERNEL(...)                                                              \
  template cudaError_t ringmaster::engine::cuda::launch_kernel<__VA_ARGS__>(                      \
      const ringmaster::engine::cuda::LaunchQueue&, ringmaster::engine::cuda::Grid, std::int32_t, \
      const __VA_ARGS__::Args&)
