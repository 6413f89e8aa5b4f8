#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "scheduler/instance_pressure.h"
#include "scheduler/rebalancer.h"

namespace ringmaster {

/// The form of Llumnix, for requests that wait: off an instance that has fewer than 3 steps of
/// freeness left (policies/freeness.h), or on which a request has waited long, to the one with the
/// most; of those of the lowest priority the shortest first; as long as the move brings the first
/// token nearer. O(n) a move and O(queue). Source: Llumnix (OSDI 2024), which moves running
/// requests; that is left out.
class FreenessRebalancer final : public Rebalancer {
 public:
  explicit FreenessRebalancer(const RebalancerView& view) : pressure_(view) {}

  [[nodiscard]] bool needs_relief(InstanceId instance, TimePoint now) const override;
  void begin(InstanceId source, TimePoint now) override;
  [[nodiscard]] std::optional<PlannedMove> next() override;
  [[nodiscard]] bool looks_at_all() const override { return false; }
  [[nodiscard]] std::string_view reason() const override { return "sooner_at_freer_instance"; }

 private:
  /// The one to move, and the tokens until its first one where it is.
  struct Candidate {
    const RequestRecord* record = nullptr;
    std::uint64_t tokens_at_source = 0;
  };

  /// `request`: any of the fleet, for all prompts are cut alike.
  [[nodiscard]] double freeness(InstanceId instance, const RequestRecord& request) const;
  [[nodiscard]] Candidate lowest_and_shortest() const;
  [[nodiscard]] std::optional<InstanceId> freest_for(const RequestRecord& record) const;

  InstancePressure pressure_;
  InstanceId source_;
  TimePoint now_{};
  std::size_t moves_left_ = 0;  ///< None moves twice in a round.
};

}  // namespace ringmaster
