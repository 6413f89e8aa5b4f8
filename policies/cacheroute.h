#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "policies/copy_plan.h"
#include "policies/option_reader.h"
#include "policies/power_of_two.h"
#include "policies/rotating_minimum.h"
#include "policies/routing_policy.h"

namespace ringmaster {

struct CacheRouteOptions {
  enum class Key : std::uint8_t { kPrefix, kTenant };
  Key key = Key::kPrefix;
  double plan_seconds = 30.0;  ///< Between two plans.
  CopyPlanOptions plan;
  HotnessOptions hotness;
};

/// Homes for frequent keys by a plan that is made anew every plan_seconds (copy_plan.h), and the
/// less loaded of two random instances for all others:
///
///     key in the plan: the instance of its set with the fewest requests in flight
///     else:            power of two choices
///
/// A key's rate is half its last one and half what the interval counted. Equal loads go around.
/// O(copies) a request; a plan is O(keys log keys), at most 65,536 keys are counted.
/// Options: key=prefix|tenant (prefix: the scheduler's hash key; requests without a tenant go by
/// prefix), plan_seconds in [1, 3600] (30), key_rate_max in [0.001, 1000000] requests/s (1),
/// warm_prefixes in [1, 1000000] an instance (64), window, key_blocks_max.
/// Source: CacheRoute (arXiv 2608.19677). Its key_rate_max and warm_prefixes are measured for a
/// fleet; the averaging of rates is ours. Left out: keeping a plan whose loss is below the warm-up
/// of the next one, and trying a plan on recorded requests before it is used.
class CacheRoute final : public RoutingPolicy {
 public:
  CacheRoute(const CacheRouteOptions& options, std::uint64_t seed);

  [[nodiscard]] std::string_view name() const override { return "cacheroute"; }
  [[nodiscard]] bool needs_homes() const override { return true; }
  [[nodiscard]] PublishedForm published_form() const override {
    return {.hotness = options_.hotness};
  }
  [[nodiscard]] bool has_history() const override { return true; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  struct Demand {
    double rate = 0.0;  ///< Requests/s over the intervals before this one.
    std::uint32_t requests = 0;
  };

  [[nodiscard]] std::uint64_t key_of(const RoutingQuery& query) const;
  void count(std::uint64_t key);
  void make_plan(const RoutingQuery& query);

  CacheRouteOptions options_;
  std::unordered_map<std::uint64_t, Demand> demand_;  ///< By key.
  std::vector<KeyRate> rates_;                        ///< Scratch.
  CopyPlan plan_;
  TimePoint planned_at_{};
  bool has_begun_ = false;
  PowerOfTwo cold_;
  RotatingMinimum minimum_;
  std::vector<InstanceId> homes_;  ///< Scratch: those that are candidates.
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_cacheroute(OptionReader& options,
                                                             std::uint64_t seed);

}  // namespace ringmaster
