#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "policies/cached_prompt.h"
#include "policies/hot_spot_guard.h"
#include "policies/option_reader.h"
#include "policies/rotating_minimum.h"
#include "policies/routing_policy.h"

namespace ringmaster {

struct LMetricOptions {
  enum class Form : std::uint8_t {
    kQueued,    ///< As published: queued prefill work counts.
    kUncached,  ///< As most ports have it: only this prompt's own.
  };
  Form form = Form::kQueued;
  bool hot_spot_guard = false;
  std::uint32_t class_blocks = 1;  ///< Of the guard.
};

/// The product of new prefill work and batch size, smallest over the whole fleet:
///
///     form=queued:   score_i = (pending_i + max(1, prompt - cached_i)) * (in_flight_i + 1)
///     form=uncached: score_i = max(1, prompt - cached_i) * (in_flight_i + 1)
///
/// Ties go around. Neither factor can be 0, so an idle instance does not hide the cache and a full
/// hit does not hide the load. O(n) and one walk of the index.
/// Options: form=queued|uncached, hot_spot_guard=on|off (hot_spot_guard.h), class_blocks in [1,
/// 64]. Source: LMetric (arXiv 2603.15202).
class LMetric final : public RoutingPolicy {
 public:
  explicit LMetric(const LMetricOptions& options);

  [[nodiscard]] std::string_view name() const override { return "lmetric"; }
  [[nodiscard]] bool has_history() const override { return guard_.has_value(); }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  [[nodiscard]] bool has_class_prefix(InstanceId instance) const;

  LMetricOptions options_;
  std::optional<HotSpotGuard> guard_;
  RotatingMinimum minimum_;
  CachedPrompt cached_;
  std::vector<InstanceId> outside_;  ///< Scratch: without the class's prefix.
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_lmetric(OptionReader& options,
                                                          std::uint64_t seed);

}  // namespace ringmaster
