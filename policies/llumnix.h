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
/// Ties go around. Blind to caches. O(n). Options: moves=on|off (off): with it one prefill at a
/// time goes to an instance, and what waits moves to freer ones (scheduler/freeness_rebalancer.h).
/// Source: Llumnix (OSDI 2024), dispatch by virtual usage; its scaling is policies/scale_signal.h.
/// Left out: moving running requests between instances, priority headroom. Outputs are not counted
/// until they are seen.
class Llumnix final : public RoutingPolicy {
 public:
  explicit Llumnix(bool moves) : moves_(moves) {}

  [[nodiscard]] std::string_view name() const override { return "llumnix"; }
  [[nodiscard]] PublishedForm published_form() const override;
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  bool moves_;
  RotatingMinimum minimum_;
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_llumnix(OptionReader& options,
                                                          std::uint64_t seed);

}  // namespace ringmaster
