#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "policies/cached_prompt.h"
#include "policies/option_reader.h"
#include "policies/routing_policy.h"

namespace ringmaster {

struct DynamoOptions {
  double overlap_credit = 1.0;  ///< c: blocks of prefill that a cached block is worth.
  double credit_decay = 0.0;    ///< k: how fast credit fades on an instance busier than others.
  double prefill_scale = 1.0;   ///< Blocks of decode that a block of prefill is worth.
  double request_weight = 0.0;  ///< Blocks of decode that a request in flight is worth.
  double temperature = 0.0;     ///< 0: the smallest cost.
};

/// The smallest sum of prefill and decode work, in blocks of b tokens:
///
///     credit_i  = c * cached_i / (1 + k * ((pending_i - least pending) / b) / blocks of the
///     prompt) prefill_i = max(0, (pending_i + prompt) / b - credit_i) cost_i    = prefill_scale *
///     prefill_i + decode_blocks_i + request_weight * in_flight_i
///
/// decode_blocks_i: blocks of all requests there and of this one; of those still in prefill the
/// uncached ones. Random among equal costs; with a temperature t > 0 an instance is drawn with
/// weight exp(-(cost_i / (largest - smallest cost)) / t). O(n) and one walk of the index.
/// Options: overlap_credit in [0, 10] (1), credit_decay in [0, 100] (0), prefill_scale in [0, 100]
/// (1), request_weight in [0, 10000] blocks (0), temperature in [0, 10] (0).
/// Source: the KV router of NVIDIA Dynamo. Left out: cache tiers below the device, taints.
class Dynamo final : public RoutingPolicy {
 public:
  Dynamo(const DynamoOptions& options, std::uint64_t seed) : options_(options), random_(seed) {}

  [[nodiscard]] std::string_view name() const override { return "dynamo"; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  /// In blocks, weights included.
  struct Cost {
    double prefill = 0.0;
    double decode = 0.0;
    double requests = 0.0;

    [[nodiscard]] double sum() const { return prefill + decode + requests; }
  };

  [[nodiscard]] Cost cost_of(const RoutingQuery& query, const InstanceState& state,
                             std::uint32_t cached_blocks, double least_pending) const;
  /// In blocks.
  [[nodiscard]] static double least_pending(const RoutingQuery& query, const FleetState& fleet);
  void compute_costs(const RoutingQuery& query, const FleetState& fleet);
  [[nodiscard]] std::size_t least();
  [[nodiscard]] std::size_t draw();

  DynamoOptions options_;
  Random random_;
  CachedPrompt cached_;
  std::vector<double> costs_;  ///< By position among the candidates; scratch.
  std::vector<double> weights_;
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_dynamo(OptionReader& options, std::uint64_t seed);

}  // namespace ringmaster
