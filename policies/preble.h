#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policies/cached_prompt.h"
#include "policies/learning_policy.h"
#include "policies/option_reader.h"
#include "policies/prefix_tree.h"
#include "policies/rotating_minimum.h"

namespace ringmaster {

struct PrebleOptions {
  double window_seconds = 180.0;
  double imbalance = 1.5;  ///< Of the window costs of two instances.
  bool rebalance = true;
};

/// Exploit where more than half of the prompt is shared, else explore (E2):
///
///     shared part longer than the rest: the cheapest of the instances that are meant to have the
///                                       deepest shared node; else the cheapest of all
///     cost_i = sum over the nodes v that are meant for i and were important in the window of
///                  (uncached share)_v * count_v * (seconds of v's own text) / (instances of v)
///              + decoding_i * mean output * seconds per output token
///              + uncached_i * seconds_per_token_i
///
/// The tree holds the prompts of the last window, of 65,536 requests and two million blocks at
/// most. A node is important to a request that ends at it
/// or below it if it is the nearest whose own text is more than half of its context. The instance
/// chosen is then meant to have the prompt's whole path. Once a second, from 50 requests per
/// instance on: while the dearest instance costs `imbalance` times the cheapest, its nodes that
/// came more than once are given to the cheapest, the cheapest nodes first, as long as that does
/// not turn the tables; a single one is shared between both instead, if requests for it have become
/// twice as slow over the window. Ties go around. O(chain + n), an index walk, and O(nodes) where
/// instances are out of balance.
/// Options: window_seconds in [1, 3600] (180), imbalance in [1, 1000] (1.5), rebalance=on|off (on).
/// Source: Preble (arXiv 2407.00023) and its code. Prefill is linear in tokens here (its regression
/// is of one GPU), and the request's own prefill counts, as in the paper and not in the code. The
/// cost of what is evicted is off, as in its code; the priority groups of its engine are left out.
class Preble final : public LearningPolicy {
 public:
  explicit Preble(const PrebleOptions& options) : options_(options) {}

  [[nodiscard]] std::string_view name() const override { return "preble"; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  using NodeIndex = PrefixTree::NodeIndex;

  /// A request of the window.
  struct Visit {
    TimePoint at{};
    RequestId request;
    NodeIndex leaf = PrefixTree::kRoot;
    NodeIndex important = PrefixTree::kRoot;
    std::uint32_t prompt_tokens = 0;
    std::uint32_t uncached_tokens = 0;
    double ttft_seconds = 0.0;  ///< 0: not seen yet.
  };
  /// What the visits add up to for which a node was important.
  struct Usage {
    std::uint32_t count = 0;
    std::uint64_t prompt_tokens = 0;
    std::uint64_t uncached_tokens = 0;
    double charge = 0.0;              ///< Tokens, on each of `charged`.
    std::vector<InstanceId> charged;  ///< Who bears the cost now.
  };

  void first_token(const ObservedRequest& seen) override;
  void ended(const ObservedRequest& seen) override;
  void instance_left(InstanceId instance) override;

  void expire(TimePoint now);
  void forget_oldest();
  void follow_split();
  void add_visit(const Visit& visit);
  void assign_path(NodeIndex node, InstanceId chosen);
  void recharge(NodeIndex node);
  [[nodiscard]] Visit* find_visit(RequestId request);
  [[nodiscard]] NodeIndex important_of(NodeIndex leaf) const;
  [[nodiscard]] std::span<const InstanceId> owners_of(NodeIndex leaf, const RoutingQuery& query);
  [[nodiscard]] double window_seconds(const InstanceState& state, InstanceId instance) const;
  [[nodiscard]] double decode_seconds(const InstanceState& state) const;
  void rebalance(const RoutingQuery& query, const FleetState& fleet);
  void move_nodes(InstanceId dearest, InstanceId cheapest, const FleetState& fleet);
  void move_subtree(NodeIndex top, InstanceId from, InstanceId to);
  [[nodiscard]] bool has_slowed_down(NodeIndex node) const;

  PrebleOptions options_;
  PrefixTree tree_;
  std::deque<Visit> visits_;                                   ///< Oldest first.
  std::uint64_t first_visit_ = 0;                              ///< Number of the oldest.
  std::unordered_map<std::uint64_t, std::uint64_t> visit_of_;  ///< Its number, by request.
  std::vector<Usage> usage_;                                   ///< By node.
  std::vector<double> charged_tokens_;  ///< By slot: what the window costs it.
  std::uint32_t block_tokens_ = 16;
  std::uint64_t requests_ = 0;
  TimePoint next_rebalance_{};
  double mean_output_tokens_ = 0.0;
  double seconds_per_output_token_ = 0.0;
  CachedPrompt cached_;
  RotatingMinimum minimum_;
  std::vector<InstanceId> owners_;  ///< Scratch.
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_preble(OptionReader& options, std::uint64_t seed);

}  // namespace ringmaster
