#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "engine_adapters/engine_adapter.h"
#include "fleet/instance.h"

namespace ringmaster {

/// One instance as the request path sees it. Shared by all threads; outlives its place in the
/// fleet while a request still uses it.
struct LiveInstance {
  // Constant after construction.
  InstanceId id;  ///< Within the fleet of its model.
  InstanceSpec spec;
  std::string url;
  const EngineAdapter* adapter = nullptr;
  EngineLink link;
  bool asks_usage = false;  ///< See InstanceSettings.

  /// Any thread. Relaxed: each is a figure of its own.
  struct Live {
    std::atomic<Health> health{Health::kSuspect};
    std::atomic<bool> was_alive{false};     ///< Answered at least once.
    std::atomic<std::int64_t> heard_at{0};  ///< Last byte of any answer, ns of the clock.
    std::atomic<std::uint64_t> attempts{0};
    std::atomic<std::uint64_t> failures{0};  ///< Attempts lost to the instance's own fault.
    std::atomic<std::uint64_t> health_changes{0};
    std::atomic<std::uint64_t> kv_streams_lost{0};
  };
  mutable Live live;

  void heard(TimePoint now) const {
    live.heard_at.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
};

using LiveInstancePtr = std::shared_ptr<const LiveInstance>;

}  // namespace ringmaster
