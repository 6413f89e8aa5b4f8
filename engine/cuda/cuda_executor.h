#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "engine/cuda/cuda_api.h"
#include "engine/executor.h"
#include "engine/loaders/model_folder.h"

namespace ringmaster::engine {

struct CudaOptions {
  std::int32_t ordinal = 0;           ///< Of the GPU, or of the first one.
  std::int32_t gpus = 1;              ///< That share the model out (tensor parallelism), in a row.
  std::int32_t block_tokens = 16;     ///< Tokens in a KV block; 1 to 1024.
  std::int32_t block_count = 0;       ///< KV blocks; 0: as many as fit.
  std::int32_t host_block_count = 0;  ///< Blocks of a host tier; 0: as host_kv_bytes holds.
  std::uint64_t host_kv_bytes = 0;    ///< Pinned memory of the host tier, of all GPUs; 0: none.
  cuda::KvType kv_type = cuda::KvType::kBf16;
  double memory_utilization = 0.9;  ///< Share of each GPU's memory to take, in (0, 1].
  std::int32_t step_tokens_max = 2048;
  std::int32_t sequences_max = 256;
  std::int32_t context_tokens_max = 0;  ///< 0: what the model says; a longer one is cut to that.
  /// Neither other sequences of a step, nor chunks, cached prefixes and preemption change a bit.
  bool is_deterministic = false;
  cuda::FewRowsKernel few_rows_kernel = cuda::FewRowsKernel::kWhereFaster;
  /// The next kernel comes onto the GPU while the one before runs; see CudaOpenRequest.
  bool overlaps_launches = false;
  cuda::PrefillKernel prefill_kernel = cuda::PrefillKernel::kMma;
  bool keeps_logits = false;  ///< For checks; see CudaOpenRequest.
  std::string tuning_file;    ///< Empty: what was chosen is not kept.
};

/// What computes attention of prefill for such a model: the kernel that `options` wants where there
/// is one for the model's heads and the type of the cache, else kMma.
[[nodiscard]] cuda::PrefillKernel prefill_kernel_of(const ModelConfig& config,
                                                    const CudaOptions& options);

/// Runs steps on one NVIDIA GPU, or on several that share the model out, in bfloat16 with f32
/// accumulation, through the module's functions; what several GPUs add up is rounded to bfloat16
/// first. With several, weights that are divided by columns are copied while they are uploaded.
/// `api` outlives the executor.
///
/// Fails with kInvalidArgument if an option is out of range or the model has no kernel (its head
/// size, or widths that are no multiple of 8), if the rotary angles of its context take more than
/// 2 GiB, or if it cannot be divided among `gpus` or there are not so many; with kUnavailable if a
/// device cannot be opened: one line that names the figure.
[[nodiscard]] Result<std::unique_ptr<Executor>> make_cuda_executor(
    std::shared_ptr<const LoadedModel> model, const CudaOptions& options, const cuda::CudaApi& api);

}  // namespace ringmaster::engine
