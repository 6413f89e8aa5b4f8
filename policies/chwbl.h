#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "policies/option_reader.h"
#include "policies/routing_policy.h"

namespace ringmaster {

struct ChwblOptions {
  double load_factor = 1.25;     ///< Largest load over mean load.
  std::uint32_t key_blocks = 0;  ///< Leading blocks hashed; 0: as many as the scheduler's key has.
  HotnessOptions hotness;
};

/// Consistent hashing with bounded loads: the first instance clockwise of the prompt's key that has
/// room under
///
///     capacity = ceil(load_factor * (requests in flight in the fleet + 1) / n)
///
/// It walks on and does not jump to the least loaded: what overflows from one home keeps going to
/// the same next one. There is always room. O(n) for the sum and the walk.
/// Options: load_factor in [1, 100] (1.25), key_blocks in [0, 256] (0), window, key_blocks_max.
/// Source: Mirrokni, Thorup, Zadimoghaddam, "Consistent hashing with bounded loads" (2016), with
/// the load factor of KubeAI, which hashes the first 100 characters of a conversation; here a key
/// as deep as prefix_affinity's stands for them.
class Chwbl final : public RoutingPolicy {
 public:
  explicit Chwbl(const ChwblOptions& options) : options_(options) {}

  [[nodiscard]] std::string_view name() const override { return "chwbl"; }
  [[nodiscard]] bool needs_homes() const override { return true; }
  [[nodiscard]] PublishedForm published_form() const override {
    return {.hotness = options_.hotness};
  }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  /// Requests that an instance may have at most.
  [[nodiscard]] double capacity(const RoutingQuery& query, const FleetState& fleet) const;

  ChwblOptions options_;
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_chwbl(OptionReader& options, std::uint64_t seed);

}  // namespace ringmaster
