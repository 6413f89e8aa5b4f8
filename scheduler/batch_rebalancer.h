#pragma once

#include <cstddef>
#include <vector>

#include "scheduler/instance_pressure.h"
#include "scheduler/rebalancer.h"

namespace ringmaster {

/// The paper's form: one round over the queue, the most beneficial moves first,
///
///     benefit(r: i -> j) = TTFT(r, i) - TTFT(r, j) > 0   and   TTFT(r, j) < target
///
/// where j is the other home of r, TTFT(r, i) counts what is sent and queued ahead of r, and
/// TTFT(r, j) all that is pending at j. Ends when the source meets its target again. The order is
/// that of the benefits at the start; each move is checked again before it is made, since those
/// before it changed j. Source: DualMap (arXiv 2602.06502), hotspot-aware rebalancing.
class BatchRebalancer final : public Rebalancer {
 public:
  explicit BatchRebalancer(const RebalancerView& view) : pressure_(view) {}

  [[nodiscard]] bool needs_relief(InstanceId instance, TimePoint now) const override;
  void begin(InstanceId source, TimePoint now) override;
  [[nodiscard]] std::optional<PlannedMove> next() override;
  [[nodiscard]] bool looks_at_all() const override { return false; }

 private:
  struct Candidate {
    PlannedMove move;
    RequestId id;
    std::uint32_t tokens = 0;  ///< Uncached at the target.
    double seconds_at_source = 0.0;
    double benefit_seconds = 0.0;
  };

  void consider(const Waiting& waiting, double seconds_at_source);

  InstancePressure pressure_;
  std::vector<Candidate> candidates_;
  std::size_t next_ = 0;
  InstanceId source_;
  TimePoint now_{};
};

}  // namespace ringmaster
