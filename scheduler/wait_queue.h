#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "fleet/request.h"

namespace ringmaster {

/// A request held for an instance, as its queue sees it.
struct Waiting {
  std::int32_t priority = 0;
  std::int64_t rank = 0;  ///< By the queue's order (queue_order.h); smaller goes first.
  RequestId id;           ///< Increases with arrival.
  TimePoint arrived_at{};
  TimePoint deadline{};  ///< Arrival + its TTFT target.
  std::uint64_t tenant = 0;
  std::uint32_t record = 0;      ///< Index in the request table.
  std::uint32_t tokens = 0;      ///< Uncached, as booked.
  std::uint32_t hit_tokens = 0;  ///< Cached, as booked.
};

/// The requests held for one instance, sorted: larger priority, then smaller rank, then earlier
/// arrival. Which of the leading class goes next is up to the queue's order; mostly the front.
///
/// A sorted array: pushing a latest arrival and popping the front are O(1) amortised, others move
/// what lies behind them.
class WaitQueue {
 public:
  void push(const Waiting& waiting);

  /// Requires: an equal (priority, rank, id) is queued.
  void erase(const Waiting& waiting);

  [[nodiscard]] bool empty() const { return head_ == items_.size(); }
  [[nodiscard]] std::size_t size() const { return items_.size() - head_; }
  /// Requires: not empty.
  [[nodiscard]] const Waiting& front() const { return items_[head_]; }
  void pop_front();

  /// The leading ones that share the highest priority. Valid until the next change. O(log size).
  [[nodiscard]] std::span<const Waiting> leading() const;

  /// In order. Valid until the next change.
  [[nodiscard]] std::span<const Waiting> items() const { return std::span(items_).subspan(head_); }

  /// Arrival of the request that has waited longest. Requires: not empty.
  [[nodiscard]] TimePoint oldest_arrival() const;

  /// Whether a goes before b.
  [[nodiscard]] static bool precedes(const Waiting& a, const Waiting& b) {
    if (a.priority != b.priority) return a.priority > b.priority;
    if (a.rank != b.rank) return a.rank < b.rank;
    return a.id < b.id;
  }

 private:
  void forget_oldest_if(const Waiting& waiting);

  std::vector<Waiting> items_;
  std::size_t head_ = 0;  ///< Items before it are gone.
  mutable TimePoint oldest_arrival_{};
  mutable bool knows_oldest_ = false;
};

}  // namespace ringmaster
