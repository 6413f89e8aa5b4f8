#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "policies/cached_prompt.h"
#include "policies/option_reader.h"
#include "policies/recent_map.h"
#include "policies/rotating_minimum.h"
#include "policies/routing_policy.h"

namespace ringmaster {

struct SMetricOptions {
  double slack = 0.8;      ///< Share of the target within which a session stays with its cache.
  double hit_ratio = 0.5;  ///< Less of the last prompt cached than this: evicted.
  std::uint32_t sessions_max = 65'536;
};

/// Sessions stay where their context is while that meets the target:
///
///     load_i = (pending_i + max(1, prompt - cached_i)) * prefill_seconds_per_token_i
///     first turn, or best cached < hit_ratio * last prompt of the session:  smallest load_i
///     later turn, b the instance with the most cached:
///         load_b <= slack * target, or nobody meets the target:  b
///         else:                                                  smallest load_i
///
/// Equal caches: smaller load. Equal loads go around. A request without a session is a first turn.
/// O(n) and one walk of the index. Options: slack in [0.01, 10] (0.8), hit_ratio in [0, 1] (0.5),
/// sessions_max in [1, 10000000] (65536). Source: SMetric (arXiv 2607.08565), which counts the
/// messages of a request to know its turn and does not give slack and hit_ratio. Left out: its
/// attention term; all cost is per token here.
class SMetric final : public RoutingPolicy {
 public:
  explicit SMetric(const SMetricOptions& options)
      : options_(options), last_prompt_tokens_(options.sessions_max) {}

  [[nodiscard]] std::string_view name() const override { return "smetric"; }
  [[nodiscard]] bool has_history() const override { return true; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  /// Of the session before this request; 0 on its first turn.
  std::uint32_t exchange_last_prompt(const RequestSpec& request);

  SMetricOptions options_;
  RecentMap<std::uint32_t> last_prompt_tokens_;  ///< By session.
  RotatingMinimum minimum_;
  CachedPrompt cached_;
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_smetric(OptionReader& options,
                                                          std::uint64_t seed);

}  // namespace ringmaster
