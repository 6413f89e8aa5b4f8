#pragma once

#include <cstdint>

#include "scheduler/queue_order.h"

namespace ringmaster {

// The orders that are fixed by what is known of a request when it is queued: the front goes next,
// O(1).

/// `fcfs`: by arrival.
class ArrivalOrder final : public QueueOrder {
 public:
  [[nodiscard]] std::int64_t rank(const Waiting& /*waiting*/) const override { return 0; }
};

/// `longest_hit`: most cached tokens first, as DualMap's official code does. What has nothing
/// cached can wait for ever.
class LongestHitOrder final : public QueueOrder {
 public:
  [[nodiscard]] std::int64_t rank(const Waiting& waiting) const override {
    return -std::int64_t{waiting.hit_tokens};
  }
};

/// `shortest`: fewest uncached tokens first. The smallest mean wait; what is long can wait for
/// ever.
class ShortestOrder final : public QueueOrder {
 public:
  [[nodiscard]] std::int64_t rank(const Waiting& waiting) const override { return waiting.tokens; }
};

/// `slack`: earliest deadline (arrival + TTFT target) first. All are on time if any order can make
/// them so; past that point all are late together.
class DeadlineOrder final : public QueueOrder {
 public:
  [[nodiscard]] std::int64_t rank(const Waiting& waiting) const override {
    return waiting.deadline.time_since_epoch().count();
  }
};

}  // namespace ringmaster
