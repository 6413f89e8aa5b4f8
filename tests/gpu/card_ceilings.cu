#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "engine/cuda/module/device_memory.h"
#include "engine/cuda/module/gemm.h"
#include "engine/cuda/module/launch.cuh"
#include "engine/cuda/module/random_fill.cuh"
#include "tests/gpu/card_ceilings.h"

namespace ringmaster::engine::cuda {

/// Eight independent loads of 16 bytes in flight per thread.
struct ReadAll {
  struct Args {
    const Words4* from;
    std::int64_t count;
    std::uint32_t* sink;
  };
  static constexpr int kThreads = 512;

  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const Args& args) {
    constexpr int kLoads = 8;
    const std::int64_t stride = std::int64_t{lane.grid_x()} * kThreads;
    std::uint32_t mixed = 0;
    for (std::int64_t i = std::int64_t{lane.block_x()} * kThreads + lane.thread(); i < args.count;
         i += stride * kLoads) {
      Words4 values[kLoads];
      RINGMASTER_UNROLL
      for (int k = 0; k < kLoads; ++k) {
        values[k] =
            i + k * stride < args.count ? lane.load_once(args.from + i + k * stride) : Words4{};
      }
      RINGMASTER_UNROLL
      for (int k = 0; k < kLoads; ++k) {
        mixed ^= values[k].at[0] ^ values[k].at[1] ^ values[k].at[2] ^ values[k].at[3];
      }
    }
    if (mixed == 0x12345678U) *args.sink = mixed;  // Keeps the loads alive.
  }
};

}  // namespace ringmaster::engine::cuda

RINGMASTER_BUILD_KERNEL(ringmaster::engine::cuda::ReadAll);

namespace ringmaster::engine::cuda {
namespace {

constexpr std::int64_t kReadBytes = std::int64_t{8} << 30U;
constexpr std::int64_t kReadWords = kReadBytes / sizeof(Words4);
constexpr std::int32_t kSide = 8192;

void end_if_failed(const CudaStatus& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "gpu_check: %s\n", status.message().c_str());
  std::exit(1);
}

/// Best time of ten runs, in seconds.
template <class Work>
double best_time(CudaStatus& status, cudaStream_t stream, Work work) {
  cudaEvent_t begin = nullptr;
  cudaEvent_t end = nullptr;
  status.note(cudaEventCreate(&begin), "event");
  status.note(cudaEventCreate(&end), "event");
  float best = 1e30F;
  for (int i = 0; i < 12; ++i) {
    status.note(cudaEventRecord(begin, stream), "event");
    work();
    status.note(cudaEventRecord(end, stream), "event");
    status.note(cudaEventSynchronize(end), "measurement");
    float milliseconds = 0.0F;
    status.note(cudaEventElapsedTime(&milliseconds, begin, end), "measurement");
    if (i >= 2) best = std::min(best, milliseconds);
  }
  cudaEventDestroy(begin);
  cudaEventDestroy(end);
  end_if_failed(status);
  return static_cast<double>(best) * 1e-3;
}

}  // namespace

CardCeilings measure_ceilings() {
  CudaStatus status;
  cudaStream_t stream = nullptr;
  status.note(cudaStreamCreate(&stream), "stream");
  CardCeilings ceilings;
  {
    DeviceMemory memory(status);
    auto* data = memory.take<Words4>(kReadWords, "memory to read");
    auto* sink = memory.take<std::uint32_t>(1, "memory");
    end_if_failed(status);
    const double read = best_time(status, stream, [&] {
      status.note(launch_kernel<ReadAll>({.stream = stream}, {132 * 16, 1}, 0,
                                         {.from = data, .count = kReadWords, .sink = sink}),
                  "read");
    });
    const double copied = best_time(status, stream, [&] {
      status.note(cudaMemcpyAsync(data, data + kReadWords / 2, kReadBytes / 2,
                                  cudaMemcpyDeviceToDevice, stream),
                  "copy");
    });
    ceilings.read_bytes_per_second = static_cast<double>(kReadBytes) / std::min(read, copied);
  }
  DeviceMemory memory(status);
  TuningFile tuning("", "");
  Gemm gemm(status, memory, tuning, {});
  constexpr std::int64_t kElements = std::int64_t{kSide} * kSide;
  auto* x = memory.take<Bf16>(kElements, "matrix");
  auto* w = memory.take<Bf16>(kElements, "matrix");
  auto* y = memory.take<Bf16>(kElements, "matrix");
  end_if_failed(status);
  for (Bf16* matrix : {x, w}) {
    status.note(launch_kernel<RandomFill>(
                    {.stream = stream}, {528, 1}, 0,
                    {.to = matrix, .count = kElements, .size = 1.0F, .offset = 0.0F, .seed = 1}),
                "random numbers");
  }
  const Product product{.x = x,
                        .weight = w,
                        .bias = nullptr,
                        .y = y,
                        .rows = kSide,
                        .inputs = kSide,
                        .outputs = kSide};
  gemm.tune(stream, product, kSide);
  const double time = best_time(status, stream, [&] { gemm.multiply(stream, product); });
  ceilings.product_flops_per_second = 2.0 * kSide * kSide * static_cast<double>(kSide) / time;
  cudaStreamDestroy(stream);
  return ceilings;
}

}  // namespace ringmaster::engine::cuda
