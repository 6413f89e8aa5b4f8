#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "policies/cached_prompt.h"
#include "policies/learning_policy.h"
#include "policies/option_reader.h"
#include "policies/prefetch_bounds.h"
#include "policies/prefetch_planner.h"
#include "policies/recent_map.h"
#include "policies/rotating_minimum.h"

namespace ringmaster {

struct WorkflowOptions {
  double keep_share = 0.8;            ///< Of an instance's memory that announced prefixes may fill.
  std::uint32_t prefixes_max = 256;   ///< Announced and kept per instance.
  std::uint32_t sessions_max = 4096;  ///< Workflows whose steps are counted.
  std::uint32_t prefetch_steps = 1;   ///< A prefix that is used so soon is prefetched; 0: none.
  std::uint32_t prefetches_max = 32;  ///< Ordered of an instance and not used yet.
  std::uint32_t prefetch_tokens_max = 131'072;  ///< Likewise, of all its orders together.
};

/// Keeps the prefixes that workflows have announced to build upon again, the soonest longest:
///
///     score_i = (pending_i + uncached_i) * seconds_per_token_i
///               + sum over the announced prefixes of i that would have to go of
///                 (their seconds to recompute) / (1 + steps to their execution)
///
/// A request says after how many steps of its workflow (its session) its prompt is built upon again
/// (RequestSpec::steps_to_execution); each request of the session is a step. The prefix is then
/// expected on the instance that has answered, whatever the index says, until it is used. What
/// would have to go is what exceeds keep_share of the memory with the new tokens, at most as much
/// as these take, the farthest steps first. Requests that announce nothing are placed by the same
/// score, and so keep off what is needed soon. Ties go around. O(n) and one walk of the index,
/// O(prefixes_max) more for an instance that is full.
///
/// When prefetch_steps are left until a prefix is used (or fewer, from the start), the instance is
/// asked to have it on its device: what is there stays, what has gone to host memory comes back.
/// What does not fit the bounds of its instance at that moment is not ordered. An order counts
/// until its prefix is used, at most for a minute: its workflow may never go on.
/// Options: keep_share in [0.01, 1] (0.8), prefixes_max in [1, 65536] (256), sessions_max in
/// [1, 1000000] (4096), prefetch_steps in [0, 1000] (1), prefetches_max in [1, 4096] (32),
/// prefetch_tokens_max in [1, 1000000000] (131072).
/// Source: KVFlow (arXiv 2507.07400), whose eviction by steps is the engine's there, and which
/// prefetches what is one step away.
class Workflow final : public LearningPolicy, private PrefetchPlanner {
 public:
  explicit Workflow(const WorkflowOptions& options);

  [[nodiscard]] std::string_view name() const override { return "workflow"; }
  [[nodiscard]] PrefetchPlanner* prefetcher() override {
    return options_.prefetch_steps > 0 ? this : nullptr;
  }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  /// A prefix that will be built upon again.
  struct Announced {
    std::uint64_t key = 0;  ///< Of its last block.
    std::uint64_t session = 0;
    std::uint64_t due_step = 0;  ///< Of its session.
    std::uint32_t tokens = 0;
    bool is_ordered = false;  ///< To be prefetched.
    bool is_open = false;     ///< The order counts against the bounds.
    TimePoint ordered_at{};
    PrefixChain chain;  ///< Empty if nothing is prefetched.
  };
  struct Progress {
    std::uint64_t steps = 0;          ///< Requests so far.
    RequestId last;                   ///< A retry is no step.
    std::vector<std::uint64_t> keys;  ///< Announced, some perhaps used or dropped since.
  };

  void ended(const ObservedRequest& seen) override;
  void instance_left(InstanceId instance) override;
  [[nodiscard]] std::optional<PrefetchOrder> next_prefetch() override;

  void count_step(const RequestSpec& request);
  void find_announced(const RequestSpec& request);
  [[nodiscard]] Announced* find(std::uint64_t key);  ///< Null: not announced.
  void look_for_prefetches(Progress& progress);
  void note_if_due(const Announced& announced);
  [[nodiscard]] bool is_due_soon(const Announced& announced) const;
  void give_up_old_orders();
  void close(Announced& announced, InstanceId instance);
  void use_up(std::uint64_t key);  ///< Requires: announced.
  void announce(const RequestSpec& request, InstanceId instance);
  void drop(InstanceId instance, std::size_t index);
  [[nodiscard]] std::uint64_t steps_left(const Announced& announced) const;
  [[nodiscard]] std::uint32_t cached_at(InstanceId candidate) const;
  [[nodiscard]] double displaced_seconds(const InstanceState& state, InstanceId candidate,
                                         std::uint32_t uncached) const;

  WorkflowOptions options_;
  RecentMap<Progress> sessions_;
  std::vector<std::vector<Announced>> announced_;           ///< By slot.
  std::vector<std::uint64_t> announced_tokens_;             ///< By slot, their sum.
  std::unordered_map<std::uint64_t, InstanceId> place_of_;  ///< By key.
  PrefetchBounds prefetches_;
  std::deque<std::uint64_t> to_prefetch_;                    ///< Keys; each is looked at once.
  std::deque<std::pair<TimePoint, std::uint64_t>> ordered_;  ///< With their keys, by time.
  TimePoint now_{};                                          ///< Of the last event.
  CachedPrompt cached_;
  RotatingMinimum minimum_;
  mutable std::vector<std::pair<std::uint64_t, double>> by_steps_;  ///< Scratch.

  // Of the request being placed: the announced prefix it builds upon.
  InstanceId place_;
  std::uint64_t key_ = 0;
  std::uint32_t tokens_ = 0;  ///< 0: none.
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_workflow(OptionReader& options,
                                                           std::uint64_t seed);

}  // namespace ringmaster
