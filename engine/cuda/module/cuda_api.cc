#include "engine/cuda/cuda_api.h"

#include <cstdio>
#include <exception>
#include <memory>
#include <new>
#include <string>

#include "engine/cuda/module/gpu_group.h"

namespace ringmaster::engine::cuda {

struct CudaDevice {
  explicit CudaDevice(const CudaOpenRequest& request) : gpus(request) {}
  GpuGroup gpus;
};

namespace {

/// 0 if `message` is empty; else 1, and the message is in `error`.
std::int32_t report(const std::string& message, char* error, std::int32_t error_size) {
  if (message.empty()) return 0;
  std::snprintf(error, static_cast<std::size_t>(error_size), "%s", message.c_str());
  return 1;
}

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::int32_t device_count(char* error, std::int32_t error_size) {
  int count = 0;
  const cudaError_t result = cudaGetDeviceCount(&count);
  if (result == cudaSuccess && count > 0) return count;
  int driver = 0;
  cudaDriverGetVersion(&driver);  // 0 without a driver.
  std::string reason;
  if (driver == 0) {
    reason = "no NVIDIA driver is loaded";
  } else if (result == cudaErrorInsufficientDriver) {
    reason = "the driver is for CUDA " + version_text(driver) + ", this build needs " +
             version_text(CUDART_VERSION);
  } else {
    reason = std::string("the driver finds none (") + cudaGetErrorString(result) + ")";
  }
  report(reason, error, error_size);
  return 0;
}

std::int32_t open(const CudaOpenRequest* request, CudaDevice** device, CudaDeviceInfo* info,
                  char* error, std::int32_t error_size) {
  try {
    auto opened = std::make_unique<CudaDevice>(*request);
    if (const std::string message = opened->gpus.message(); !message.empty()) {
      const std::string gpu = opened->gpus.info().name;  // Empty if it never came so far.
      return report((gpu.empty() ? "" : gpu + ": ") + message, error, error_size);
    }
    *info = opened->gpus.info();
    *device = opened.release();
    return 0;
  } catch (const std::exception& exception) {  // Of the standard library: no memory.
    return report(exception.what(), error, error_size);
  }
}

std::int32_t submit(CudaDevice* device, const CudaStep* step, char* error,
                    std::int32_t error_size) {
  device->gpus.submit(*step);
  return report(device->gpus.message(), error, error_size);
}

std::int32_t wait(CudaDevice* device, SampleOutput* samples, std::int32_t rows, double* seconds,
                  char* error, std::int32_t error_size) {
  *seconds = device->gpus.wait(samples, rows);
  return report(device->gpus.message(), error, error_size);
}

std::int32_t read_logits(CudaDevice* device, float* logits, std::int32_t rows, char* error,
                         std::int32_t error_size) {
  device->gpus.read_logits(logits, rows);
  return report(device->gpus.message(), error, error_size);
}

void close(CudaDevice* device) {
  delete device;
}

std::int64_t free_memory(std::int32_t ordinal) {
  std::size_t free_bytes = 0;
  std::size_t total_bytes = 0;
  const bool is_known = cudaSetDevice(ordinal) == cudaSuccess &&
                        cudaMemGetInfo(&free_bytes, &total_bytes) == cudaSuccess;
  return is_known ? static_cast<std::int64_t>(free_bytes) : -1;
}

constexpr CudaApi kApi{.version = kCudaApiVersion,
                       .device_count = device_count,
                       .open = open,
                       .submit = submit,
                       .wait = wait,
                       .read_logits = read_logits,
                       .close = close,
                       .free_memory = free_memory};

}  // namespace
}  // namespace ringmaster::engine::cuda

/// The module's one entry.
extern "C" __attribute__((visibility("default"))) const ringmaster::engine::cuda::CudaApi*
ringmaster_cuda_api() {
  return &ringmaster::engine::cuda::kApi;
}
