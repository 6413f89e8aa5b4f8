#include "engine/cuda/kv_gate.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

#include "engine/cuda/kv_probe.h"

namespace ringmaster::engine {
namespace {

/// The same device with a cache of bfloat16, and no larger than the probe needs it.
CudaOptions reference_of(CudaOptions options) {
  options.kv_type = cuda::KvType::kBf16;
  options.block_count = (kProbeTokens + options.block_tokens - 1) / options.block_tokens;
  options.host_block_count = 0;
  options.host_kv_bytes = 0;
  options.sequences_max = 1;
  options.step_tokens_max = std::min(options.step_tokens_max, kProbeChunkTokens);
  return options;
}

tl::unexpected<Error> too_far(double error, double error_max) {
  char text[160];
  std::snprintf(text, sizeof text,
                "a KV cache of e4m3 moves this model's log-probabilities by %.3g on average, more "
                "than %.3g: expected bf16, or a larger --kv-error-max",
                error, error_max);
  return invalid(text);
}

}  // namespace

Result<GatedExecutor> make_gated_cuda_executor(const std::shared_ptr<const LoadedModel>& model,
                                               const CudaOptions& options, const cuda::CudaApi& api,
                                               double kv_error_max) {
  if (options.kv_type == cuda::KvType::kBf16) {
    auto executor = make_cuda_executor(model, options, api);
    if (!executor) return tl::unexpected(executor.error());
    return GatedExecutor{.executor = std::move(*executor)};
  }
  auto reference = make_cuda_executor(model, reference_of(options), api);
  if (!reference) return tl::unexpected(reference.error());
  const std::int32_t chunk = std::min(options.step_tokens_max, kProbeChunkTokens);
  const auto want = probe_next_tokens(**reference, chunk);
  if (!want) return tl::unexpected(want.error());
  reference->reset();  // Its memory is the other one's.
  auto executor = make_cuda_executor(model, options, api);
  if (!executor) return tl::unexpected(executor.error());
  const auto got = probe_next_tokens(**executor, chunk);
  if (!got) return tl::unexpected(got.error());
  const double error = mean_difference(*want, *got);
  if (!(error <= kv_error_max)) return too_far(error, kv_error_max);
  return GatedExecutor{.executor = std::move(*executor), .kv_error = error};
}

}  // namespace ringmaster::engine
