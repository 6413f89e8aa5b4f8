#pragma once

// In the place of the module's header of this name: what launch.cuh starts by the runtime, a thread
// of the grid emulator runs when its stream comes to it.

#include <cstdint>

#include "tests/stand_in/kernel_start.h"
#include "tests/support/grid_emulator.h"

#define __launch_bounds__(...)  // Known to nvcc alone.

namespace ringmaster::engine::cuda {

class GpuLane : public GridEmulator::Lane {
 public:
  explicit GpuLane(unsigned char* /*shared*/) : Lane(stand_in::entering_lane()) {}
};

/// Closer to what launch.cuh says than the runtime's own of this name, which does not tell how long
/// arguments are.
template <class Args>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Args, bool),
                               const Args& args, const bool& overlaps) {
  static_assert(sizeof args + sizeof overlaps <= 4096);  // What a kernel may be given.
  return stand_in::start_kernel(*config, reinterpret_cast<const void*>(kernel),
                                [=] { kernel(args, overlaps); });
}

}  // namespace ringmaster::engine::cuda
