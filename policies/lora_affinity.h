#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "policies/adapter_residency.h"
#include "policies/cached_prompt.h"
#include "policies/learning_policy.h"
#include "policies/linear_bandit.h"
#include "policies/option_reader.h"
#include "policies/recent_map.h"
#include "policies/rotating_minimum.h"

namespace ringmaster {

struct LoraAffinityOptions {
  double exploration = 0.1;   ///< Seconds that one standard deviation of doubt is worth.
  double load_seconds = 0.5;  ///< First guess at the time to load an adapter.
  double ridge = 10.0;        ///< Observations that the first guess counts for.
  std::uint32_t slots = 8;    ///< Adapters that an instance holds at a time.
};

/// The smallest optimistic guess at the time to the first token, which each instance's learner
/// makes from what was seen there:
///
///     score_i = theta_i . x_i - exploration * sqrt(x_i' A_i^-1 x_i)
///     x_i     = (1, pending seconds, uncached seconds, 1 if the adapter is not loaded, requests)
///
/// theta_i: ridge regression on the times observed at i, which begins as the plain estimate and
/// load_seconds for an adapter to load; A_i: its Gram matrix. An adapter is taken as loaded where
/// it was among the last `slots` used. So what an adapter's loading costs, and what decoding does
/// to prefill, is learnt and not configured. Ties go around. O(n) and one walk of the index.
/// Options: exploration in [0, 100] (0.1), load_seconds in [0, 600] (0.5), ridge in [0.001, 1e6]
/// (10), slots in [1, 1024] (8).
/// Source: the idea of POLAR, a LinUCB learner over instances with adapter residency; its text was
/// not at hand, so features and prior are ours. What to keep loaded is the engine's affair here.
class LoraAffinity final : public LearningPolicy {
 public:
  explicit LoraAffinity(const LoraAffinityOptions& options);

  [[nodiscard]] std::string_view name() const override { return "lora_affinity"; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  static constexpr std::size_t kFeatures = 5;
  using Learner = LinearBandit<kFeatures>;
  struct Choice {
    InstanceId instance;
    Learner::Vector features{};
  };

  void dispatched(const ObservedRequest& seen) override;
  void first_token(const ObservedRequest& seen) override;
  void instance_left(InstanceId instance) override;

  [[nodiscard]] Learner fresh() const;
  [[nodiscard]] Learner::Vector features_of(const RoutingQuery& query, const FleetState& fleet,
                                            InstanceId candidate,
                                            std::uint32_t cached_tokens) const;

  LoraAffinityOptions options_;
  AdapterResidency adapters_;
  std::vector<Learner> learners_;  ///< By slot.
  RecentMap<Choice> choices_;      ///< Of requests without a first token yet.
  CachedPrompt cached_;
  RotatingMinimum minimum_;
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_lora_affinity(OptionReader& options,
                                                                std::uint64_t seed);

}  // namespace ringmaster
