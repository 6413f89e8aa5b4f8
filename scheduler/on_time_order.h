#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "scheduler/queue_order.h"

namespace ringmaster {

/// `on_time`: as many requests as possible get their first token before their deadline (arrival +
/// TTFT target).
///
/// The requests are taken by deadline; whenever their cumulated work would end after a deadline,
/// the largest work so far is put aside as late. What is left goes by deadline; if nothing is left,
/// the late ones go, least work first. A request that has waited more than five targets goes before
/// all of these, the oldest first: nobody waits for ever.
///
/// Work is uncached tokens as booked, at the instance's prefill rate. A pick is O(q log q) for the
/// q requests held there (bounded by queue_requests_max of the scheduler).
/// Source: J. M. Moore, "An n job, one machine sequencing algorithm for minimizing the number of
/// late jobs" (1968). The age bound is ours: without it a tenth of the requests would be starved.
class OnTimeOrder final : public QueueOrder {
 public:
  /// Waits beyond this many targets go first.
  static constexpr int kTargetsWaitedMax = 5;

  explicit OnTimeOrder(Duration ttft_slo)
      : wait_max_(kTargetsWaitedMax * ttft_slo), soon_(wait_max_ - ttft_slo) {}

  [[nodiscard]] std::int64_t rank(const Waiting& waiting) const override {
    return waiting.deadline.time_since_epoch().count();
  }

  [[nodiscard]] std::size_t pick(std::span<const Waiting> leading,
                                 const PickContext& context) override;

  /// Those not in the on-time set, but for the ones that soon have waited too long: more than four
  /// targets.
  [[nodiscard]] std::uint64_t put_aside_tokens(std::span<const Waiting> leading,
                                               const PickContext& context) override;

 private:
  struct Work {
    std::uint32_t tokens = 0;
    std::uint32_t index = 0;
    auto operator<=>(const Work&) const = default;
  };

  /// Fills kept_ with the on-time set; the tokens of those put aside that wait no longer than
  /// `wait_max`.
  std::uint64_t keep_on_time(std::span<const Waiting> leading, const PickContext& context,
                             Duration wait_max);

  Duration wait_max_;
  Duration soon_;           ///< Who has waited longer will soon go first.
  std::vector<Work> kept_;  ///< Scratch: a heap of the on-time set, the largest work on top.
};

}  // namespace ringmaster
