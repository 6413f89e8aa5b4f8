// The CUDA module with the grid emulator for a GPU, as a library that the program loads by
// RINGMASTER_CUDA_MODULE: everything around the card can be run without one. The environment
// variable EMULATED_FAULT makes it a faulty one: "driver", "version", "memory", or "step:N", which
// fails from step N on, on the last of several GPUs; EMULATED_GPUS is how many there are.

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/support/emulated_cuda.h"

namespace ringmaster::engine::cuda {
namespace {

std::string_view fault() {
  const char* name = std::getenv("EMULATED_FAULT");
  return name == nullptr ? "" : name;
}

std::int32_t device_count(char* error, std::int32_t error_size) {
  const char* gpus = std::getenv("EMULATED_GPUS");
  if (fault() != "driver") return gpus == nullptr ? 1 : std::atoi(gpus);
  std::snprintf(error, static_cast<std::size_t>(error_size),
                "the driver is for CUDA 12.2, this build needs 13.0");
  return 0;
}

std::int32_t open(const CudaOpenRequest* request, CudaDevice** device, CudaDeviceInfo* info,
                  char* error, std::int32_t error_size) {
  if (fault() == "memory") {
    std::snprintf(error, static_cast<std::size_t>(error_size),
                  "Emulated GPU: the weights need 0.01 GiB, the GPU has 0.00 GiB free and this "
                  "engine may use a share of %.2f (--memory-utilization)",
                  request->memory_utilization);
    return 1;
  }
  const std::int32_t failed = EmulatedCuda::api().open(request, device, info, error, error_size);
  if (failed == 0 && fault().starts_with("step:")) {
    EmulatedCuda::newest->gpu(request->ranks - 1).failing_step =
        std::atoi(fault().substr(5).data());
  }
  return failed;
}

}  // namespace
}  // namespace ringmaster::engine::cuda

extern "C" __attribute__((visibility("default"))) const ringmaster::engine::cuda::CudaApi*
ringmaster_cuda_api() {
  namespace cuda = ringmaster::engine::cuda;
  static cuda::CudaApi api = cuda::EmulatedCuda::api();
  api.device_count = cuda::device_count;
  api.open = cuda::open;
  if (cuda::fault() == "version") api.version = 99;
  return &api;
}
