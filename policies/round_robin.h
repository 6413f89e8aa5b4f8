#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "policies/option_reader.h"
#include "policies/routing_policy.h"

namespace ringmaster {

/// The next instance by slot, over and over. Looks at nothing else.
///
/// The plainest baseline: equal request counts, blind to length and cache.
class RoundRobin final : public RoutingPolicy {
 public:
  [[nodiscard]] std::string_view name() const override { return "round_robin"; }
  [[nodiscard]] bool has_history() const override { return true; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;

 private:
  std::uint32_t next_slot_ = 0;
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_round_robin(OptionReader& options,
                                                              std::uint64_t seed);

}  // namespace ringmaster
