#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "policies/adapter_residency.h"
#include "policies/cached_prompt.h"
#include "policies/option_reader.h"
#include "policies/rotating_minimum.h"
#include "policies/routing_policy.h"

namespace ringmaster {

/// Weights of the scorers, in the order of the options that set them.
struct LlmDOptions {
  enum Scorer : std::size_t {
    kPrefix,           ///< cached blocks / blocks of the prompt
    kQueue,            ///< (most - waiting_i) / (most - least); 1 if all are equal
    kKvUtilization,    ///< 1 - KV usage
    kActiveRequests,   ///< 1 if idle, else (most - in_flight_i) / most
    kRunningRequests,  ///< (most - in_flight_i) / (most - least); 1 if all are equal
    kLoadAware,        ///< 0.5 * (1 - min(waiting_i, 128) / 128)
    kTokenLoad,        ///< 1 - min(1, pending_i / 4,194,304)
    kNoHitLru,  ///< Where nobody has a block: 1 - rank by last cold request / (n - 1); else 0.5
    kLora,      ///< LoRA adapter loaded: 1, a free slot for it: 0.8, else 0; 1 for the model itself
    kScorers,
  };
  using Weights = std::array<double, kScorers>;
  Weights weights{3.0, 2.0, 2.0};
  std::size_t adapter_slots = 8;  ///< Adapters that an instance holds at a time.
};

/// The largest weighted sum of scores, each in [0, 1]:
///
///     score_i = sum over scorers s of weight_s * s(i)
///
/// Ties go around. Profiles: default (prefix 3, queue 2, kv_utilization 2), optimized (the same and
/// no_hit_lru 2), precise (active_requests 4, kv_utilization 2, prefix 2, no_hit_lru 2). Waiting
/// requests and KV usage are those an instance reported last; without a report the router's own
/// bookings stand for them. O(n log n) where nobody has the prompt, else O(n).
/// Options: profile=default|optimized|precise, then a weight in [0, 1000] by the name of a scorer:
/// prefix, queue, kv_utilization, active_requests, running_requests, load_aware, token_load,
/// no_hit_lru, lora; and slots in [1, 1024] (8), adapters that an instance holds at a time: those
/// sent there last count as loaded.
/// Source: llm-d's endpoint picker, its scorers and profiles. Left out: latency prediction, and
/// that an adapter which waits to be loaded scores 0.6. Its saturation filter is the filter
/// `utilization`, which works with any policy.
class LlmD final : public RoutingPolicy, private RequestObserver {
 public:
  explicit LlmD(const LlmDOptions& options) : options_(options), adapters_(options.adapter_slots) {}

  [[nodiscard]] std::string_view name() const override { return "llm_d"; }
  [[nodiscard]] bool has_history() const override {
    return options_.weights[LlmDOptions::kNoHitLru] > 0.0 || scores_adapters();
  }
  [[nodiscard]] RequestObserver* observer() override { return scores_adapters() ? this : nullptr; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  /// Of one instance, as the scorers see it.
  struct Signals {
    double waiting = 0.0;
    double in_flight = 0.0;
    double kv_usage = 0.0;
    double pending_tokens = 0.0;
    double adapter = 1.0;
    double cold_rank = 0.0;  ///< 0: never given a cold request, or the longest ago.
  };
  struct Range {
    double least = 0.0;
    double most = 0.0;
  };

  void dispatched(const ObservedRequest& seen) override {
    adapters_.used(seen.instance, seen.request.adapter);
  }
  void instance_left(InstanceId instance) override { adapters_.forget(instance); }

  [[nodiscard]] bool scores_adapters() const { return options_.weights[LlmDOptions::kLora] > 0.0; }
  void read_signals(const RoutingQuery& query, const FleetState& fleet);
  void rank_by_last_cold_request(const RoutingQuery& query);
  /// Weight times score of each scorer.
  [[nodiscard]] LlmDOptions::Weights points(InstanceId candidate, std::size_t count) const;

  LlmDOptions options_;
  AdapterResidency adapters_;
  RotatingMinimum minimum_;
  CachedPrompt cached_;
  std::uint64_t cold_requests_ = 0;
  std::vector<std::uint64_t> last_cold_request_;  ///< By slot; 0: none.
  std::vector<Signals> signals_;                  ///< By slot; scratch.
  std::vector<InstanceId> by_age_;                ///< Scratch.
  Range waiting_;
  Range in_flight_;
  bool is_cold_ = false;
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_llm_d(OptionReader& options, std::uint64_t seed);

}  // namespace ringmaster
