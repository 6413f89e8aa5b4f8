#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "policies/cached_prompt.h"
#include "policies/option_reader.h"
#include "policies/rotating_minimum.h"
#include "policies/routing_policy.h"

namespace ringmaster {

struct AibrixPrefixOptions {
  std::uint32_t imbalance_requests = 8;  ///< Between the most and the least loaded.
  double deviations = 1.0;               ///< How far above the mean load affinity may go.
};

/// The longest match that is not busier than most:
///
///     if most - least in flight > imbalance_requests: one of those with the least
///     else, by cached blocks descending, then in flight ascending: the first with
///         in_flight_i <= mean + deviations * standard deviation
///     nobody with a cached block, or none that quiet: the fewest in flight
///
/// Equal ones in random order. O(n log n) and one walk of the index. Options: imbalance_requests in
/// [0, 1000000] (8), deviations in [0, 100] (1).
/// Source: the prefix-cache routing of AIBrix.
class AibrixPrefix final : public RoutingPolicy {
 public:
  AibrixPrefix(const AibrixPrefixOptions& options, std::uint64_t seed)
      : options_(options), random_(seed) {}

  [[nodiscard]] std::string_view name() const override { return "aibrix_prefix"; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  void shuffle_candidates(const RoutingQuery& query);

  AibrixPrefixOptions options_;
  Random random_;
  CachedPrompt cached_;
  std::vector<InstanceId> order_;  ///< Scratch.
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_aibrix_prefix(OptionReader& options,
                                                                std::uint64_t seed);

}  // namespace ringmaster
