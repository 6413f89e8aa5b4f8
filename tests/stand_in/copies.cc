#include <cstring>
#include <string>
#include <vector>

#include "tests/stand_in/device_memory_map.h"
#include "tests/stand_in/streams.h"

using ringmaster::stand_in::DeviceMemoryMap;
using ringmaster::stand_in::Machine;
namespace stand_in = ringmaster::stand_in;

namespace {

void expect_host(const void* at, std::size_t bytes, const char* what) {
  const auto* allocation = DeviceMemoryMap::the().find(at, bytes);
  if (allocation != nullptr && allocation->gpu >= 0) {
    stand_in::misuse(std::string(what) + ": a GPU's memory given as the host's");
  }
}

/// What of an asynchronous copy happens when its turn comes: memory that is not pinned was read at
/// the call, as a driver may do.
stand_in::Operation copy_to_gpu(void* to, const void* from, std::size_t bytes) {
  if (DeviceMemoryMap::the().is_pinned(from, bytes)) {
    return {.run = [to, from, bytes] { std::memcpy(to, from, bytes); }};
  }
  const auto* begin = static_cast<const unsigned char*>(from);
  return {.run = [to, held = std::vector<unsigned char>(begin, begin + bytes)] {
    std::memcpy(to, held.data(), held.size());
  }};
}

}  // namespace

extern "C" {

cudaError_t cudaMalloc(void** at, std::size_t bytes) {
  if (Machine::the().is_failing_call()) return cudaErrorMemoryAllocation;
  if (const cudaError_t refused = stand_in::refuse_while_recording(); refused != cudaSuccess) {
    return refused;
  }
  *at = DeviceMemoryMap::the().take(Machine::current_gpu(), bytes);
  return *at == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
}

cudaError_t cudaMallocHost(void** at, std::size_t bytes) {
  if (Machine::the().is_failing_call()) return cudaErrorMemoryAllocation;
  if (const cudaError_t refused = stand_in::refuse_while_recording(); refused != cudaSuccess) {
    return refused;
  }
  *at = DeviceMemoryMap::the().take_pinned(bytes);
  return *at == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
}

/// Waits for the GPU, as the driver does, so that nothing of what was started loses its memory.
cudaError_t cudaFree(void* at) {
  if (at == nullptr) return cudaSuccess;
  const auto* allocation = DeviceMemoryMap::the().find(at, 1);
  if (allocation != nullptr && allocation->gpu >= 0) stand_in::drain_gpu(allocation->gpu);
  if (!DeviceMemoryMap::the().free(at, false)) stand_in::misuse("cudaFree of no allocation");
  return cudaSuccess;
}

cudaError_t cudaFreeHost(void* at) {
  if (at == nullptr) return cudaSuccess;
  for (int gpu = 0; gpu < static_cast<int>(Machine::the().gpus.size()); ++gpu) {
    stand_in::drain_gpu(gpu);
  }
  if (!DeviceMemoryMap::the().free(at, true)) stand_in::misuse("cudaFreeHost of no allocation");
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(std::size_t* free_bytes, std::size_t* total_bytes) {
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  const stand_in::Gpu& gpu = Machine::the().gpu(Machine::current_gpu());
  *free_bytes = static_cast<std::size_t>(gpu.memory_bytes - gpu.taken_bytes);
  *total_bytes = static_cast<std::size_t>(gpu.memory_bytes);
  return cudaSuccess;
}

/// On the default stream, which the others do not wait for.
cudaError_t cudaMemset(void* at, int value, std::size_t bytes) {
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  if (const cudaError_t refused = stand_in::refuse_while_recording(); refused != cudaSuccess) {
    return refused;
  }
  DeviceMemoryMap::the().expect_on(Machine::current_gpu(), at, bytes, "cudaMemset");
  return stand_in::start(nullptr, {.run = [=] {
                           if (Machine::the().computes) std::memset(at, value, bytes);
                         }});
}

/// A copy to the GPU from memory that is not pinned may arrive after the call; all others are done
/// when it returns.
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  if (const cudaError_t refused = stand_in::refuse_while_recording(); refused != cudaSuccess) {
    return refused;
  }
  const bool is_upload = kind == cudaMemcpyHostToDevice;
  if (!is_upload && kind != cudaMemcpyDeviceToHost) stand_in::misuse("cudaMemcpy of another kind");
  const DeviceMemoryMap& memory = DeviceMemoryMap::the();
  memory.expect_on(Machine::current_gpu(), is_upload ? to : from, bytes, "cudaMemcpy");
  expect_host(is_upload ? from : to, bytes, "cudaMemcpy");
  const cudaError_t started = stand_in::start(
      nullptr, is_upload ? copy_to_gpu(to, from, bytes)
                         : stand_in::Operation{.run = [=] { std::memcpy(to, from, bytes); }});
  if (started != cudaSuccess || (is_upload && !memory.is_pinned(from, bytes))) return started;
  return stand_in::drain(stand_in::stream_or_default(nullptr));
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  if (stream == nullptr || stream->recording != nullptr) {
    stand_in::misuse("cudaMemcpyAsync on the default stream, or while it is recorded");
  }
  if (bytes == 0) return stand_in::error_of(stream->gpu);
  if (kind == cudaMemcpyDeviceToDevice) {
    DeviceMemoryMap::the().expect_on(stream->gpu, from, bytes, "cudaMemcpyAsync");
    DeviceMemoryMap::the().expect_on(stream->gpu, to, bytes, "cudaMemcpyAsync");
    return stand_in::start(stream, {.run = [=] {
                             if (Machine::the().computes) std::memmove(to, from, bytes);
                           }});
  }
  const bool is_upload = kind == cudaMemcpyHostToDevice;
  if (!is_upload && kind != cudaMemcpyDeviceToHost) stand_in::misuse("a copy of another kind");
  DeviceMemoryMap::the().expect_on(stream->gpu, is_upload ? to : from, bytes, "cudaMemcpyAsync");
  expect_host(is_upload ? from : to, bytes, "cudaMemcpyAsync");
  if (!is_upload && !DeviceMemoryMap::the().is_pinned(to, bytes)) {
    stand_in::misuse("cudaMemcpyAsync to memory that is not pinned waits for the GPU");
  }
  return stand_in::start(
      stream, is_upload ? copy_to_gpu(to, from, bytes)
                        : stand_in::Operation{.run = [=] { std::memcpy(to, from, bytes); }});
}

}  // extern "C"
