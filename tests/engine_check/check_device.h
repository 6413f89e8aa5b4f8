#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "engine/cuda/cuda_api.h"
#include "engine/executor.h"
#include "engine/loaders/model_folder.h"
#include "engine/tiny_model.h"

namespace ringmaster::engine {

/// Which device a check runs on.
struct DeviceChoice {
  std::string name = "cpu";  ///< cpu, cuda or sim.
  std::string module;        ///< Of cuda; empty: RINGMASTER_CUDA_MODULE, or beside the program.
  TinyShape shape = TinyShape::kTinyQwen3;
  cuda::KvType kv_type = cuda::KvType::kBf16;  ///< Of cuda.
  std::int32_t gpus = 1;                       ///< Of cuda: that share the model out.
  cuda::PrefillKernel prefill_kernel = cuda::PrefillKernel::kMma;  ///< Of cuda.
  bool overlaps_launches = false;                                  ///< Of cuda.
  bool is_deterministic = false;  ///< Of cuda; cpu always is, sim need not be.

  /// Whether circumstances may change no bit of an output.
  [[nodiscard]] bool is_exact() const { return name != "cuda" || is_deterministic; }
};

struct DeviceSize {
  std::int32_t block_tokens = 16;
  std::int32_t blocks = 0;  ///< 0: what the device has room for.
  std::int32_t step_tokens_max = 2048;
  std::int32_t sequences_max = 256;
};

/// The CUDA module; null for other devices. Fails as load_cuda_api() does.
[[nodiscard]] Result<const cuda::CudaApi*> load_module(const DeviceChoice& choice);

/// Where a module keeps its choice of products from one check to the next.
[[nodiscard]] std::string tuning_file();

/// The model of open_large() on cuda: tensors that are not there, which become random ones.
[[nodiscard]] std::shared_ptr<const LoadedModel> large_model();

/// A tiny model on the device.
[[nodiscard]] Result<std::shared_ptr<Executor>> open_tiny(const DeviceChoice& choice,
                                                          const DeviceSize& size);

/// The Qwen2.5-7B shape: on cuda with random weights, on sim with the estimated times of an H200;
/// the cpu gets a tiny model instead.
[[nodiscard]] Result<std::shared_ptr<Executor>> open_large(const DeviceChoice& choice,
                                                           const DeviceSize& size);

/// A device with fewer blocks than it has, so that one serves pools of many sizes.
[[nodiscard]] std::shared_ptr<Executor> with_blocks(std::shared_ptr<Executor> device,
                                                    std::int32_t blocks);

/// Says why a device cannot be opened; the exit code of the check.
[[nodiscard]] int refuse(const Error& error);

}  // namespace ringmaster::engine
