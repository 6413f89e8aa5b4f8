#pragma once

#include <cstdint>
#include <optional>

#include "fleet/instance.h"
#include "tokens/block_hash.h"

namespace ringmaster {

/// A prefix that an instance is to have on its device before a request comes that builds on it.
struct PrefetchOrder {
  InstanceId instance;
  PrefixChain chain;        ///< From the first block on; not empty.
  std::uint32_t steps = 0;  ///< Of its workflow until it is used, at least 1.
};

/// Orders prefixes ahead of their requests. Policies that know what is built upon next implement
/// it (RoutingPolicy::prefetcher()); the scheduler asks after each event. Not thread-safe.
class PrefetchPlanner {
 public:
  virtual ~PrefetchPlanner() = default;

  /// The next order to give; nothing once there is none.
  [[nodiscard]] virtual std::optional<PrefetchOrder> next_prefetch() = 0;
};

}  // namespace ringmaster
