#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "policies/cached_prompt.h"
#include "policies/learning_policy.h"
#include "policies/option_reader.h"
#include "policies/output_history.h"
#include "policies/rotating_minimum.h"

namespace ringmaster {

struct PoolByLengthOptions {
  std::uint32_t threshold_tokens = 8192;  ///< Longest request of the short pool, with its output.
  double short_share = 0.5;               ///< Of the instances that are the short pool.
  double output_share = 0.9;              ///< Of the past outputs that the guess shall cover.
  double spill_above = 1.0;               ///< Times the target.
};

/// Short requests to one part of the fleet, long ones to the other, so that short ones do not stand
/// behind long ones:
///
///     tokens = prompt + (the client's output limit, else what output_share of past outputs stay
///              below)
///     tokens <= threshold_tokens: short pool, unless its smallest estimate of TTFT is past
///     spill_above * target and the long pool's is smaller; else long pool
///
/// Within a pool the smallest estimate; ties go around. The short pool is the share of the
/// candidates with the least KV memory, by slot where they are alike; at least one instance each
/// from two on. Long requests never spill: short instances may lack the memory. O(n log n) and one
/// walk of the index. Options: threshold_tokens in [1, 100000000] (8192), short_share in
/// [0.01, 0.99] (0.5), output_share in [0, 0.999] (0.9), spill_above in [0.01, 1000] (1).
/// Source: dual-pool routing by token budget (arXiv 2604.08075). The choice within a pool and what
/// counts as overload are ours; prompts are counted in tokens here, so that its bytes per token are
/// not needed.
class PoolByLength final : public LearningPolicy {
 public:
  explicit PoolByLength(const PoolByLengthOptions& options);

  [[nodiscard]] std::string_view name() const override { return "pool_by_length"; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  void ended(const ObservedRequest& seen) override;

  [[nodiscard]] bool is_short(const RequestSpec& request);
  void part(const RoutingQuery& query, const FleetState& fleet);
  [[nodiscard]] double estimate(const FleetState& fleet, InstanceId candidate) const;

  PoolByLengthOptions options_;
  OutputHistory history_;
  CachedPrompt cached_;
  RotatingMinimum minimum_;
  std::vector<InstanceId> short_pool_;  ///< By slot; scratch, as the next.
  std::vector<InstanceId> long_pool_;
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_pool_by_length(OptionReader& options,
                                                                 std::uint64_t seed);

}  // namespace ringmaster
