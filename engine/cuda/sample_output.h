#pragma once

#include <cstdint>

namespace ringmaster::engine::cuda {

inline constexpr std::int32_t kBestMax = 20;  ///< SamplingOptions::logprobs asks for no more.

/// What the device says of one sampling row.
struct SampleOutput {
  std::int32_t token = 0;
  std::int32_t is_finite = 0;  ///< 0: a logit was not; the token means nothing.
  float logprob = 0.0F;        ///< Only if asked for, as the next ones.
  std::int32_t best_count = 0;
  std::int32_t best_tokens[kBestMax] = {};
  float best_logprobs[kBestMax] = {};
};
static_assert(sizeof(SampleOutput) == 176);

}  // namespace ringmaster::engine::cuda
