#pragma once

#include <functional>

#include <cuda_runtime.h>

#include "tests/support/grid_emulator.h"

namespace ringmaster::stand_in {

using GridEmulator = engine::cuda::GridEmulator;

/// A kernel that was started, or recorded.
struct KernelStart {
  engine::cuda::GridSize grid;
  int threads = 1;  ///< Of a block.
  std::int32_t shared_bytes = 0;
  std::function<void()> entry;  ///< What each thread runs.
  bool comes_early = false;     ///< By programmatic dependent launch.
};

/// The thread that runs an entry: asked at its beginning.
[[nodiscard]] GridEmulator::Lane& entering_lane();

/// Starts what cudaLaunchKernelEx() was given, within what a GPU of compute capability 9.0 allows
/// and what cudaFuncSetAttribute() has allowed the kernel.
cudaError_t start_kernel(const cudaLaunchConfig_t& config, const void* kernel,
                         std::function<void()> entry);

/// A kernel that runs.
class RunningKernel {
 public:
  /// Goes to where it may be left: the first of a stream to where it lets the next one come, one
  /// that is begun before that has ended to where it waits for it.
  RunningKernel(const KernelStart& start, GridEmulator::Pause pause);
  ~RunningKernel();
  RunningKernel(const RunningKernel&) = delete;
  RunningKernel& operator=(const RunningKernel&) = delete;

  /// Whether another one may be begun, and this one has not ended.
  [[nodiscard]] bool lets_next_come() const {
    return !emulator_->has_ended() && emulator_->lets_next_come();
  }
  void finish();

 private:
  KernelStart start_;
  std::unique_ptr<GridEmulator> emulator_;
};

/// The stream's oldest operation, which was taken from it, and before its end what may be begun of
/// the next one.
void run_kernel(cudaStream_t stream, const KernelStart& start);

}  // namespace ringmaster::stand_in
