#pragma once

#include <algorithm>
#include <cstdint>

#include "fleet/fleet_state.h"

namespace ringmaster {

/// Used share of an instance's KV memory: as it reported last, else by the router's own bookings
/// (prompts that decode, uncached tokens held or in prefill) against kv_cache_tokens. In [0, 1].
[[nodiscard]] inline double kv_usage_of(const InstanceState& state, const RequestSpec& request) {
  if (state.report.kv_usage) return *state.report.kv_usage;
  const double tokens = static_cast<double>(state.load.running_kv_blocks) * request.block_tokens +
                        static_cast<double>(state.load.pending_tokens());
  return std::min(
      1.0, tokens / static_cast<double>(std::max<std::uint64_t>(1, state.spec.kv_cache_tokens)));
}

}  // namespace ringmaster
