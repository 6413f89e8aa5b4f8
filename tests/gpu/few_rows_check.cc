#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "engine/cuda/module/device_memory.h"
#include "engine/cuda/module/gemm.h"
#include "engine/cuda/module/graph_timer.h"
#include "tests/gpu/gpu_parts.h"

namespace ringmaster::engine::cuda {
namespace {

/// Weights of one kind that are gone through in turn, so that none is read from the L2 cache.
constexpr std::int64_t kWeightBytes = std::int64_t{512} << 20U;
constexpr int kRounds = 4;

struct Kind {
  const char* name;
  std::int32_t inputs;
  std::int32_t outputs;
  bool is_f32;
};

/// The products of the Qwen2.5-7B shape.
constexpr Kind kKinds[] = {{"qkv", 3584, 4608, false},
                           {"attention out", 3584, 3584, false},
                           {"gate and up", 3584, 37'888, false},
                           {"down", 18'944, 3584, false},
                           {"head", 3584, 152'064, true}};

/// Seconds of one product, the mean over all copies of its weights.
double time_of(CudaStatus& status, cudaStream_t stream, FewRowsKernel kernel, const Kind& kind,
               std::int32_t rows) {
  DeviceMemory memory(status);
  TuningFile tuning("", "");
  Gemm gemm(status, memory, tuning, {.few_rows_kernel = kernel});
  const std::int64_t elements = std::int64_t{kind.inputs} * kind.outputs;
  const std::int64_t copies = std::max<std::int64_t>(1, kWeightBytes / (2 * elements));
  auto* weights = memory.take<Bf16>(copies * elements, "weights");
  auto* x = memory.take<Bf16>(std::int64_t{rows} * kind.inputs, "inputs");
  auto* y = memory.take<float>(std::int64_t{rows} * kind.outputs, "outputs");
  GraphTimer timer(status);
  if (!status.ok()) return 0.0;
  status.note(cudaMemset(weights, 0x3c, static_cast<std::size_t>(2 * copies * elements)), "fill");
  status.note(
      cudaMemset(x, 0x3c,
                 static_cast<std::size_t>(2 * rows) * static_cast<std::size_t>(kind.inputs)),
      "fill");
  Product product{.x = x,
                  .weight = weights,
                  .y = y,
                  .rows = rows,
                  .inputs = kind.inputs,
                  .outputs = kind.outputs,
                  .is_f32 = kind.is_f32};
  gemm.tune(stream, product, rows);
  gemm.multiply(stream, product);  // Once before it is recorded.
  const float milliseconds = timer.time(stream, [&] {
    for (int round = 0; round < kRounds; ++round) {
      for (std::int64_t i = 0; i < copies; ++i) {
        product.weight = weights + i * elements;
        gemm.multiply(stream, product);
      }
    }
  });
  return static_cast<double>(milliseconds) * 1e-3 / static_cast<double>(kRounds * copies);
}

}  // namespace

int compare_few_rows() {
  CudaStatus status;
  cudaStream_t stream = nullptr;
  status.note(cudaStreamCreate(&stream), "stream");
  for (const Kind& kind : kKinds) {
    const double bytes = 2.0 * kind.inputs * kind.outputs;
    for (const std::int32_t rows : {1, 2, 4}) {
      const double library = time_of(status, stream, FewRowsKernel::kNever, kind, rows);
      const double own = time_of(status, stream, FewRowsKernel::kAlways, kind, rows);
      if (!status.ok()) {
        std::fprintf(stderr, "gpu_check: %s\n", status.message().c_str());
        return 1;
      }
      std::printf("%-14s %d rows: library %7.2f us, %5.2f TB/s; own %7.2f us, %5.2f TB/s\n",
                  kind.name, rows, library * 1e6, bytes / library * 1e-12, own * 1e6,
                  bytes / own * 1e-12);
    }
  }
  cudaStreamDestroy(stream);
  return 0;
}

}  // namespace ringmaster::engine::cuda
