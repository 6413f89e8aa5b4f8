#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "engine/block_pool.h"
#include "engine/sequence.h"

namespace ringmaster::engine {

struct StepSchedulerOptions {
  std::int32_t step_tokens_max = 2048;    ///< Of all sequences of a step together.
  std::int32_t sequences_max = 256;       ///< Running at once.
  std::int32_t prefill_chunk_tokens = 0;  ///< Of one sequence in one step; 0: no limit.
  std::int32_t prefix_window = 32;        ///< Waiting requests compared by cached prefix.
  std::int32_t overtakes_max = 64;        ///< Then a request goes first whatever is cached.
  double watermark = 0.01;                ///< Share of the pool that an admission leaves free.
  bool uses_prefix_cache = true;          ///< Off: every prompt is computed whole.
};

/// One sequence's share of a step.
struct ScheduledSequence {
  Sequence* sequence = nullptr;  ///< Null once it has ended while the step was in flight.
  std::int32_t query_tokens = 0;
};

struct StepPlan {
  std::vector<ScheduledSequence> sequences;
  std::vector<Sequence*> admitted;  ///< For the first time; among `sequences`.
  std::int32_t preempted = 0;
};

/// Chooses what a step computes: there are no phases, only tokens that lack their KV.
///
/// Running sequences come first in the order (priority, arrival): one token for a decoding one, a
/// chunk for one in prefill, which leaves a token for each decoding sequence behind it. If blocks
/// are missing, running sequences are preempted from the back: their blocks are released into the
/// cache and they wait again. If none was, waiting ones are admitted by (priority, preempted
/// before, longest cached prefix within a window, arrival). Deterministic; not thread-safe.
class StepScheduler {
 public:
  /// `pool` outlives the scheduler. Requires: positive limits.
  StepScheduler(StepSchedulerOptions options, BlockPool& pool);

  /// Lets a sequence wait. It stays where it is until remove().
  /// Requires: it fits the pool alone.
  void add(Sequence& sequence);

  /// Releases its blocks and forgets it. Requires: no step with it is in flight.
  void remove(Sequence& sequence);

  /// Plans the next step and gives its sequences the blocks they need. Never empty while there
  /// is a sequence.
  void schedule(StepPlan& plan);

  /// Plans the step after one in flight before that one's samples are known: a token for each of
  /// its sequences, which decode all. False, and nothing is changed, if what comes next may be
  /// something else: a request waits, blocks are missing, a sequence is aborted, is not done with
  /// its prompt or gets its last token.
  [[nodiscard]] bool schedule_ahead(const StepPlan& in_flight, StepPlan& plan);

  /// Brings nearer what retire() will touch.
  void prefetch(const ScheduledSequence& part) const {
    const Sequence& sequence = *part.sequence;
    if (!options_.uses_prefix_cache) return;
    if (!fills_a_block(sequence, sequence.computed_tokens + part.query_tokens)) return;
    const auto next = static_cast<std::size_t>(sequence.settled_blocks);
    pool_.prefetch(sequence.blocks[next], sequence.chain[next]);
  }

  /// Says that a step computed `query_tokens` more of a sequence: full blocks enter the cache.
  void retire(Sequence& sequence, std::int32_t query_tokens) {
    sequence.computed_tokens += query_tokens;
    if (fills_a_block(sequence, sequence.computed_tokens)) settle(sequence);
  }

  [[nodiscard]] std::int32_t waiting_count() const {
    return static_cast<std::int32_t>(waiting_.size());
  }
  [[nodiscard]] std::int32_t running_count() const {
    return static_cast<std::int32_t>(running_.size());
  }

  /// Tokens without KV: all of the waiting sequences and the rest of those in prefill.
  [[nodiscard]] std::int64_t queued_prefill_tokens() const;

 private:
  struct ServedSooner {
    bool operator()(const Sequence* a, const Sequence* b) const;
  };

  /// Whether with so many tokens computed the first block that is not settled is whole.
  [[nodiscard]] bool fills_a_block(const Sequence& sequence, std::int32_t computed_tokens) const {
    return (sequence.settled_blocks + 1) * pool_.block_tokens() <= computed_tokens;
  }
  /// Enters what is computed whole into the cache.
  void settle(Sequence& sequence);
  [[nodiscard]] std::int32_t blocks_for(std::int32_t tokens) const;
  /// How many blocks a sequence lacks to have room for that many tokens.
  [[nodiscard]] std::int32_t missing_blocks(const Sequence& sequence, std::int32_t tokens) const;
  void allocate(Sequence& sequence, std::int32_t blocks);
  [[nodiscard]] std::int32_t chunk_of(std::int32_t uncomputed, std::int32_t tokens_left) const;
  [[nodiscard]] std::int32_t cached_blocks(const Sequence& sequence) const;
  void plan_running(StepPlan& plan);
  /// Decoding sequences among running_[position] and those behind it.
  [[nodiscard]] std::int32_t decoding_from(std::size_t position) const;
  void plan_waiting(StepPlan& plan);
  /// Preempts behind running_[position] until `blocks` are free; false if it hit itself.
  bool make_room(std::size_t position, std::int32_t blocks, StepPlan& plan);
  void preempt_last(StepPlan& plan);
  [[nodiscard]] Sequence& next_waiting();
  void count_overtakes(const Sequence& admitted);
  [[nodiscard]] bool may_admit(const Sequence& sequence, std::int32_t cached) const;
  void admit(Sequence& sequence, std::int32_t cached, StepPlan& plan);
  void give(Sequence& sequence, std::int32_t query_tokens, std::int32_t blocks, StepPlan& plan);
  void release_blocks(Sequence& sequence);

  StepSchedulerOptions options_;
  BlockPool& pool_;
  std::set<Sequence*, ServedSooner> waiting_;
  std::vector<Sequence*> running_;  // In the order of ServedSooner.
  std::vector<std::int32_t> free_slots_;
  std::int32_t watermark_blocks_;
  std::int32_t tokens_left_ = 0;  // Of the step being planned.
  std::int64_t waiting_tokens_ = 0;
};

}  // namespace ringmaster::engine
