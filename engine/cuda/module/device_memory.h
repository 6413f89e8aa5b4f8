#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <cuda_runtime.h>

#include "engine/cuda/module/cuda_status.h"

namespace ringmaster::engine::cuda {

/// As a person reads it.
[[nodiscard]] inline std::string gib(std::int64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f GiB", static_cast<double>(bytes) / 0x1.0p30);
  return text;
}

/// Memory of the GPU and pinned memory of the host, freed together.
class DeviceMemory {
 public:
  explicit DeviceMemory(CudaStatus& status) : status_(status) {}
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;
  ~DeviceMemory() {
    for (void* at : device_) cudaFree(at);
    for (void* at : pinned_) cudaFreeHost(at);
  }

  /// Null, and noted with `what`, if there is no room; aligned to 256 bytes.
  template <class T>
  T* take(std::int64_t count, const char* what) {
    void* at = nullptr;
    const std::size_t bytes = static_cast<std::size_t>(count > 0 ? count : 1) * sizeof(T);
    if (!status_.ok()) return nullptr;
    if (const cudaError_t taken = cudaMalloc(&at, bytes); taken != cudaSuccess) {
      fail(taken, bytes, what);
      return nullptr;
    }
    device_.push_back(at);
    bytes_ += static_cast<std::int64_t>(bytes);
    return static_cast<T*>(at);
  }

  template <class T>
  T* take_pinned(std::int64_t count, const char* what) {
    void* at = nullptr;
    const std::size_t bytes = static_cast<std::size_t>(count > 0 ? count : 1) * sizeof(T);
    if (!status_.ok() || !status_.note(cudaMallocHost(&at, bytes), what)) return nullptr;
    pinned_.push_back(at);
    return static_cast<T*>(at);
  }

  [[nodiscard]] std::int64_t bytes() const { return bytes_; }

 private:
  void fail(cudaError_t error, std::size_t bytes, const char* what) {
    std::size_t free_bytes = 0;
    std::size_t total_bytes = 0;
    const bool is_known = cudaMemGetInfo(&free_bytes, &total_bytes) == cudaSuccess;
    status_.fail(
        std::string(what) + ": " + cudaGetErrorString(error) + ": " +
        gib(static_cast<std::int64_t>(bytes)) + " wanted" +
        (is_known ? ", the GPU has " + gib(static_cast<std::int64_t>(free_bytes)) + " free" : ""));
  }

  CudaStatus& status_;
  std::vector<void*> device_;
  std::vector<void*> pinned_;
  std::int64_t bytes_ = 0;
};

}  // namespace ringmaster::engine::cuda
