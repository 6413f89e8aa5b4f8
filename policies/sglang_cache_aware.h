#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "policies/cached_prompt.h"
#include "policies/option_reader.h"
#include "policies/rotating_minimum.h"
#include "policies/routing_policy.h"

namespace ringmaster {

struct SglangCacheAwareOptions {
  enum class Source : std::uint8_t { kEvents, kTree };
  Source source = Source::kEvents;
  double cache_threshold = 0.5;              ///< source=tree: least share of the prompt.
  std::uint32_t balance_abs_threshold = 32;  ///< Requests between the most and the least loaded.
  double balance_rel_threshold = 1.1;        ///< Most loaded over least loaded.
};

/// The cache, unless the fleet is out of balance:
///
///     if most - least in flight > balance_abs_threshold and
///        most > balance_rel_threshold * least:          the fewest requests in flight
///     source=events: the most cached blocks, if there is one; equal ones: fewer in flight, then
///                    fewer blocks held in all
///     source=tree:   the most cached tokens, if they are more than cache_threshold of the prompt
///     else:          the fewest requests in flight
///
/// Last ties go around. O(n) and one walk of the index, which stands for the router's own tree.
/// Options: source=events|tree, cache_threshold in [0, 1] (0.5), balance_abs_threshold in [0,
/// 1000000] requests (32), balance_rel_threshold in [1, 100] (1.1).
/// Source: cache_aware of SMG, the SGLang model gateway. Left out: its limits on KV usage, which
/// are off as published.
class SglangCacheAware final : public RoutingPolicy {
 public:
  explicit SglangCacheAware(const SglangCacheAwareOptions& options) : options_(options) {}

  [[nodiscard]] std::string_view name() const override { return "sglang_cache_aware"; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  [[nodiscard]] bool is_imbalanced(const RoutingQuery& query, const FleetState& fleet) const;
  [[nodiscard]] bool has_match(const RoutingQuery& query) const;

  SglangCacheAwareOptions options_;
  RotatingMinimum minimum_;
  CachedPrompt cached_;
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_sglang_cache_aware(OptionReader& options,
                                                                     std::uint64_t seed);

}  // namespace ringmaster
