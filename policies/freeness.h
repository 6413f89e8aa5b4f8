#pragma once

#include <cstdint>

#include "fleet/fleet_state.h"

namespace ringmaster {

/// About how many more steps the running batch of an instance can decode before its memory is full:
///
///     (capacity - used - head) / batch
///
/// in tokens of KV; negative where demand is past capacity. By the gateway's own bookings; outputs
/// are not counted until they are seen. Source: Llumnix (OSDI 2024), virtual usage.
struct Freeness {
  double capacity = 0.0;
  double used =
      0.0;  ///< Prompts that are decoding, uncached tokens of those in prefill; others' too.
  double head = 0.0;   ///< Of the first held request; the mean of those held stands for it.
  double batch = 1.0;  ///< Requests in prefill or decoding, at least 1.

  /// `block_tokens`: of the fleet's prompts.
  Freeness(const InstanceState& state, std::uint32_t block_tokens);

  [[nodiscard]] double value() const { return (capacity - used - head) / batch; }
};

/// Mean over the instances that take requests; 0 if there are none. O(n).
[[nodiscard]] double mean_freeness(const FleetState& fleet, std::uint32_t block_tokens);

}  // namespace ringmaster
