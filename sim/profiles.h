#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace ringmaster::sim {

/// What a model on a device costs: the constants of the instance models.
struct InstanceProfile {
  std::string_view name;
  double prefill_seconds_per_token = 0;  ///< tau
  std::uint64_t kv_cache_tokens = 0;     ///< Of the prefix cache (in host memory).
  std::uint32_t prompt_tokens_max = 0;   ///< Longer prompts are cut.
  double step_seconds = 0;               ///< a: any step of the batching model.
  double step_seconds_per_sequence = 0;  ///< c: a decoding sequence in it.
  double step_seconds_per_kv_token = 0;  ///< d: a token of KV that such a sequence reads.
  std::uint64_t device_kv_tokens = 0;    ///< Prompt + output of all admitted requests, at most.
};

/// Two set-ups of the DualMap paper (arXiv 2602.06502). tau, the cache size and the prompt limit
/// are its constants; a, c, d and the device's KV are assumptions, not measurements.
[[nodiscard]] std::span<const InstanceProfile> profiles();

/// Fails with kInvalidArgument, listing the known names.
[[nodiscard]] Result<InstanceProfile> find_profile(std::string_view name);

}  // namespace ringmaster::sim
