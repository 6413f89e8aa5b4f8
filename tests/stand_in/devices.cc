#include <cstdio>

#include <cuda_runtime.h>

#include "tests/stand_in/machine.h"

using ringmaster::stand_in::Machine;

namespace {

constexpr int kProcessors = 4;

}  // namespace

extern "C" {

cudaError_t cudaGetDeviceCount(int* count) {
  const Machine& machine = Machine::the();
  *count = 0;
  if (machine.driver_version < CUDART_VERSION) return cudaErrorInsufficientDriver;
  if (machine.gpus.empty()) return cudaErrorNoDevice;
  *count = static_cast<int>(machine.gpus.size());
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
  *version = Machine::the().driver_version;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int gpu) {
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  if (gpu < 0 || gpu >= static_cast<int>(Machine::the().gpus.size())) {
    return cudaErrorInvalidDevice;
  }
  Machine::current_gpu() = gpu;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* gpu) {
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  *gpu = Machine::current_gpu();
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int gpu) {
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  *properties = cudaDeviceProp{};
  std::snprintf(properties->name, sizeof properties->name, "Stand-in %d", gpu);
  properties->major = Machine::the().gpu(gpu).code_version / 10;
  properties->minor = Machine::the().gpu(gpu).code_version % 10;
  properties->multiProcessorCount = kProcessors;
  return cudaSuccess;
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* /*kernel*/) {
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  const ringmaster::stand_in::Gpu& gpu = Machine::the().gpu(Machine::current_gpu());
  *attributes = cudaFuncAttributes{};
  attributes->ptxVersion = gpu.ptx_version;
  attributes->binaryVersion = gpu.code_version;
  return static_cast<cudaError_t>(gpu.code_status);
}

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaErrorUnknown:
      return "unknown error";
    case cudaErrorInvalidValue:
      return "invalid argument";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorLaunchFailure:
      return "unspecified launch failure";
    case cudaErrorInvalidResourceHandle:
      return "invalid resource handle";
    case cudaErrorInvalidDevice:
      return "invalid device ordinal";
    case cudaErrorNoKernelImageForDevice:
      return "no kernel image is available";
    case cudaErrorStreamCaptureUnsupported:
      return "operation not permitted when stream is capturing";
    case cudaErrorStreamCaptureInvalidated:
      return "operation failed due to a previous error during capture";
    case cudaErrorInvalidConfiguration:
      return "invalid configuration argument";
    case cudaErrorNoDevice:
      return "no CUDA-capable device is detected";
    default:
      return "another error";
  }
}

}  // extern "C"
