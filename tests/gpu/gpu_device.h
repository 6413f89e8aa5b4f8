#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "engine/cuda/module/cuda_status.h"
#include "engine/cuda/module/device_memory.h"
#include "engine/cuda/module/launch.h"

namespace ringmaster::engine::cuda {

/// A device of kernel_cases.h that is the GPU. Ends the program at the first CUDA error.
class GpuDevice {
 public:
  template <class T>
  T* upload(const std::vector<T>& values) {
    T* at = memory_->take<T>(static_cast<std::int64_t>(values.size()), "memory of a case");
    check();
    status_.note(cudaMemcpy(at, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice),
                 "copy to the GPU");
    check();
    return at;
  }

  template <class T>
  std::vector<T> download(const T* from, std::size_t count) {
    std::vector<T> values(count);
    status_.note(cudaMemcpy(values.data(), from, count * sizeof(T), cudaMemcpyDeviceToHost),
                 "copy from the GPU");
    check();
    return values;
  }

  template <class Kernel>
  void launch(Grid grid, std::int32_t shared_bytes, const typename Kernel::Args& args) {
    status_.note(launch_kernel<Kernel>({}, grid, shared_bytes, args), "kernel");
    status_.note(cudaDeviceSynchronize(), "kernel");
    check();
  }

  /// Frees what was uploaded.
  void clear() { memory_ = std::make_unique<DeviceMemory>(status_); }

 private:
  void check() const {
    if (status_.ok()) return;
    std::fprintf(stderr, "gpu_check: %s\n", status_.message().c_str());
    std::exit(1);
  }

  CudaStatus status_;
  std::unique_ptr<DeviceMemory> memory_ = std::make_unique<DeviceMemory>(status_);
};

}  // namespace ringmaster::engine::cuda
