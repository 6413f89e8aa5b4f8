#pragma once

#include <memory>

#include "base/result.h"
#include "engine/cuda/cuda_executor.h"

namespace ringmaster::engine {

/// How far a KV cache of e4m3 may move the model's log-probabilities, see mean_difference(), unless
/// the operator says otherwise. A choice: a token's probability is then off by a quarter or so.
/// Small models with random weights stay below it (docs/engine-performance.md).
inline constexpr double kKvErrorMax = 0.25;

struct GatedExecutor {
  std::unique_ptr<Executor> executor;
  double kv_error = 0.0;  ///< Of e4m3 against bfloat16; 0 for bfloat16.
};

/// As make_cuda_executor(); for a KV cache of e4m3 after a comparison with one of bfloat16, with
/// the model's own weights, which takes them to the GPU twice. Requires: kv_error_max > 0.
///
/// Fails as make_cuda_executor() does, with kInternal if the GPU fails, and with kInvalidArgument
/// if log-probabilities are further off than `kv_error_max`, naming how far.
[[nodiscard]] Result<GatedExecutor> make_gated_cuda_executor(
    const std::shared_ptr<const LoadedModel>& model, const CudaOptions& options,
    const cuda::CudaApi& api, double kv_error_max = kKvErrorMax);

}  // namespace ringmaster::engine
