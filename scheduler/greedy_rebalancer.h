#pragma once

#include <cstdint>

#include "scheduler/instance_pressure.h"
#include "scheduler/rebalancer.h"

namespace ringmaster {

/// The form of DualMap's official code. With two or more requests queued, again and again the one
/// move with the smallest cost below zero,
///
///     cost(r: i -> j) = (sent_j + queued ahead of r at j + uncached_j)
///                     - (sent_i + queued ahead of r at i + uncached_i), in seconds
///
/// until the moved tokens cover the excess over the target (or, if only the wait called for it,
/// until no move helps). j is the other home, or the next instance by slot where that one is
/// overloaded too, which may leave the pair. O(queue^2) a move.
class GreedyRebalancer final : public Rebalancer {
 public:
  explicit GreedyRebalancer(const RebalancerView& view) : pressure_(view) {}

  [[nodiscard]] bool needs_relief(InstanceId instance, TimePoint now) const override;
  void begin(InstanceId source, TimePoint now) override;
  [[nodiscard]] std::optional<PlannedMove> next() override;
  [[nodiscard]] bool looks_at_all() const override { return true; }

 private:
  struct Target {
    InstanceId instance;
    std::uint32_t cached_tokens = 0;
  };

  [[nodiscard]] std::optional<Target> target_of(const RequestRecord& record) const;
  [[nodiscard]] Target evaluated(const RequestRecord& record, InstanceId instance) const;
  [[nodiscard]] bool is_overloaded_with(const RequestRecord& record, const Target& target) const;
  [[nodiscard]] InstanceId neighbour_of(InstanceId instance) const;
  /// Seconds until its first token if the request stood in the target's queue.
  [[nodiscard]] double seconds_at(const Target& target, const Waiting& waiting,
                                  const RequestRecord& record) const;

  InstancePressure pressure_;
  InstanceId source_;
  TimePoint now_{};
  double excess_tokens_ = 0.0;  ///< Over the target when the round began.
  std::uint64_t moved_tokens_ = 0;
};

}  // namespace ringmaster
