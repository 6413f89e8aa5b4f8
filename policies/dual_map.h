#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/random.h"
#include "policies/option_reader.h"
#include "policies/routing_policy.h"

namespace ringmaster {

struct DualMapOptions {
  enum class Variant : std::uint8_t { kPaper, kCode };
  Variant variant = Variant::kPaper;
  bool rebalance = true;
  /// Share of the TTFT target that an instance's pending prefill may fill before affinity yields.
  /// Published: 1 in the paper, 0.5 in the code (15,625 tokens at 0.00016 s a token and 5 s).
  double threshold = 1.0;
  HotnessOptions hotness;
};

/// Of the two home instances the one with more of the prompt cached, unless its pending work
/// (held + sent + uncached tokens of this prompt, in seconds) is past the target:
///
///     paper: then the less loaded home; equal caches: the less loaded home
///     code:  then the home with the smaller estimated TTFT; equal caches: fewer KV blocks of
///            decoding requests, then random
///
/// O(length of the chain), whatever the size of the fleet.
/// Source: DualMap (arXiv 2602.06502) and its official code; docs/policies.md lists where they
/// differ. The code's KV tie-break reads the true output length; ours counts prompt blocks only.
class DualMap final : public RoutingPolicy {
 public:
  DualMap(const DualMapOptions& options, std::uint64_t seed);

  [[nodiscard]] std::string_view name() const override { return "dualmap"; }
  [[nodiscard]] bool needs_homes() const override { return true; }
  [[nodiscard]] PublishedForm published_form() const override;
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  struct Home {
    InstanceId instance;
    std::uint32_t cached_tokens = 0;
    double estimated_seconds = 0.0;  ///< Of this request's TTFT there.
    double pending_seconds = 0.0;    ///< Without this request.
    std::uint64_t running_kv_blocks = 0;
  };
  using Pair = std::array<Home, 2>;

  void choose_paper(const Pair& pair, double limit_seconds, RoutingDecision& decision) const;
  void choose_code(const Pair& pair, double limit_seconds, RoutingDecision& decision);
  [[nodiscard]] const Home& fewer_kv_blocks(const Pair& pair);

  DualMapOptions options_;
  Random random_;
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_dual_map(OptionReader& options,
                                                           std::uint64_t seed);

}  // namespace ringmaster
