#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/random.h"
#include "policies/option_reader.h"
#include "policies/routing_policy.h"

namespace ringmaster {

/// A uniformly random instance, from a seeded generator.
///
/// The baseline without any state: its worst queue grows with log n / log log n.
class RandomChoice final : public RoutingPolicy {
 public:
  explicit RandomChoice(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] std::string_view name() const override { return "random"; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;

 private:
  Random random_;
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_random_choice(OptionReader& options,
                                                                std::uint64_t seed);

}  // namespace ringmaster
