#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "policies/option_reader.h"
#include "policies/rotating_minimum.h"
#include "policies/routing_policy.h"

namespace ringmaster {

/// The largest freeness, which is about how many more steps the running batch can decode before
/// the instance's memory is full:
///
///     freeness_i = (capacity_i - used_i - head_i) / max(1, sent_i), in tokens of KV
///
/// used_i: prompts that are decoding and uncached tokens of those in prefill; head_i: what the next
/// request held for it would add (the mean of those held; the others count for nothing, as
/// published); sent_i: requests in prefill or decoding. Negative where demand is past capacity.
/// Ties go around. Blind to caches. O(n). No options. Source: Llumnix (OSDI 2024), dispatch by
/// virtual usage. Left out: moving running requests between instances, priority headroom, scaling.
/// Outputs are not counted until they are seen.
class Llumnix final : public RoutingPolicy {
 public:
  [[nodiscard]] std::string_view name() const override { return "llumnix"; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  RotatingMinimum minimum_;
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_llumnix(OptionReader& options,
                                                          std::uint64_t seed);

}  // namespace ringmaster
