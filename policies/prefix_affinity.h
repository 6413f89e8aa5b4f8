#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "policies/option_reader.h"
#include "policies/routing_policy.h"

namespace ringmaster {

/// The home of the prompt's hash key on the first ring, whatever its load.
///
/// The best hit rate a fixed placement can have, and hot spots: one home carries all of a popular
/// prefix until its key has grown. Options: window, key_blocks_max (prefix_hotness.h).
/// Source: the cache-affinity baseline of DualMap (arXiv 2602.06502).
class PrefixAffinity final : public RoutingPolicy {
 public:
  explicit PrefixAffinity(const HotnessOptions& hotness) : hotness_(hotness) {}

  [[nodiscard]] std::string_view name() const override { return "prefix_affinity"; }
  [[nodiscard]] bool needs_homes() const override { return true; }
  [[nodiscard]] PublishedForm published_form() const override { return {.hotness = hotness_}; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;

 private:
  HotnessOptions hotness_;
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_prefix_affinity(OptionReader& options,
                                                                  std::uint64_t seed);

}  // namespace ringmaster
