#include "engine/step_scheduler.h"

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include <gtest/gtest.h>

namespace ringmaster::engine {
namespace {

constexpr std::int32_t kWidth = 4;

// A scheduler, its pool, and a device that computes whatever is planned.
struct Bench {
  KvEventLog events{1, 10};
  BlockPool pool;
  StepScheduler scheduler;
  std::deque<Sequence> sequences;
  StepPlan plan;

  explicit Bench(std::int32_t blocks, StepSchedulerOptions options)
      : pool(blocks, kWidth, events), scheduler(options, pool) {}

  Sequence& add(std::int32_t tokens, TokenId first = 0, std::int32_t priority = 0) {
    Sequence& sequence = sequences.emplace_back();
    sequence.id = sequences.size();
    sequence.priority = priority;
    for (std::int32_t i = 0; i < tokens; ++i) sequence.tokens.push_back(first + i);
    sequence.prompt_tokens = tokens;
    sequence.seed = chain_seed({.model = "m"});
    sequence.chain = chain_tokens(sequence.seed, sequence.tokens, kWidth);
    scheduler.add(sequence);
    return sequence;
  }

  // Plans and retires a step; each sequence whose tokens are all computed gets one more. The
  // result is (sequence id, its tokens) in the order of the plan.
  std::vector<std::pair<RequestId, std::int32_t>> step() {
    std::vector<std::pair<RequestId, std::int32_t>> shares;
    scheduler.schedule(plan);
    for (const auto& part : plan.sequences) {
      shares.emplace_back(part.sequence->id, part.query_tokens);
      scheduler.retire(*part.sequence, part.query_tokens);
      if (part.sequence->uncomputed_tokens() == 0) part.sequence->append(0, kWidth);
    }
    return shares;
  }
};

using Shares = std::vector<std::pair<RequestId, std::int32_t>>;

TEST(StepScheduler, CutsALongPromptIntoChunksOfTheBudget) {
  Bench bench(64, {.step_tokens_max = 10});
  bench.add(25);
  EXPECT_EQ(bench.step(), (Shares{{1, 10}}));
  EXPECT_EQ(bench.step(), (Shares{{1, 10}}));
  EXPECT_EQ(bench.step(), (Shares{{1, 5}}));
  EXPECT_EQ(bench.step(), (Shares{{1, 1}}));
}

TEST(StepScheduler, MixesDecodingWithTheChunksOfOthers) {
  Bench bench(64, {.step_tokens_max = 10});
  bench.add(4);
  bench.step();
  bench.add(25, 100);
  EXPECT_EQ(bench.step(), (Shares{{1, 1}, {2, 9}}));
}

TEST(StepScheduler, LeavesATokenForEachDecodingSequenceBehindAPrefill) {
  Bench bench(64, {.step_tokens_max = 10});
  bench.add(4, 0, 5);
  bench.add(4, 50, 5);
  bench.step();
  bench.add(25, 100, 0);  // More urgent: it goes first, but does not stall the decoding ones.
  bench.step();
  EXPECT_EQ(bench.step(), (Shares{{3, 8}, {1, 1}, {2, 1}}));
}

TEST(StepScheduler, CapsTheChunkOfOneSequence) {
  Bench bench(64, {.step_tokens_max = 10, .prefill_chunk_tokens = 3});
  bench.add(8);
  bench.add(8, 50);
  EXPECT_EQ(bench.step(), (Shares{{1, 3}, {2, 3}}));
}

TEST(StepScheduler, SeatsNoMoreThanTheLimit) {
  Bench bench(64, {.step_tokens_max = 100, .sequences_max = 2});
  bench.add(4);
  bench.add(4, 50);
  bench.add(4, 100);
  bench.step();
  EXPECT_EQ(bench.scheduler.running_count(), 2);
  bench.scheduler.remove(bench.sequences[0]);
  bench.step();
  EXPECT_EQ(bench.scheduler.waiting_count(), 0);
}

TEST(StepScheduler, AdmitsByPriorityThenArrival) {
  Bench bench(64, {.step_tokens_max = 4, .sequences_max = 8});
  bench.add(4, 0, 1);
  bench.add(4, 50, 0);
  EXPECT_EQ(bench.step(), (Shares{{2, 4}}));
}

TEST(StepScheduler, PrefersTheLongestCachedPrefixAmongEqualPriority) {
  Bench bench(64, {.step_tokens_max = 100, .sequences_max = 1});
  bench.add(9);
  bench.step();
  bench.add(9, 100);
  bench.add(9, 0);  // Two blocks of it are cached.
  bench.scheduler.remove(bench.sequences[0]);
  EXPECT_EQ(bench.step(), (Shares{{3, 1}}));
}

TEST(StepScheduler, LooksNoFurtherThanItsWindow) {
  Bench bench(64, {.step_tokens_max = 100, .sequences_max = 1, .prefix_window = 2});
  bench.add(9);
  bench.step();
  bench.add(9, 100);
  bench.add(9, 200);
  bench.add(9, 0);
  bench.scheduler.remove(bench.sequences[0]);
  EXPECT_EQ(bench.step(), (Shares{{2, 9}}));
}

TEST(StepScheduler, AdmitsARequestThatWasOvertakenOftenEnough) {
  Bench bench(64, {.step_tokens_max = 100, .sequences_max = 1, .overtakes_max = 2});
  bench.add(9);
  bench.step();
  bench.add(9, 100);  // Never cached.
  std::vector<RequestId> order;
  for (int i = 0; i < 4; ++i) {
    bench.add(9, 0);  // Always cached.
    bench.scheduler.remove(*bench.plan.sequences.front().sequence);
    order.push_back(bench.step().front().first);
  }
  EXPECT_EQ(order, (std::vector<RequestId>{3, 4, 2, 5}));
}

TEST(StepScheduler, PreemptsFromTheBackAndResumesFromTheCache) {
  Bench bench(6, {.step_tokens_max = 100, .watermark = 0.0});
  Sequence& first = bench.add(11);
  Sequence& second = bench.add(11, 50);
  bench.step();
  bench.step();
  bench.step();  // Both need a fourth block, and there are six.
  EXPECT_EQ(bench.plan.preempted, 1);
  EXPECT_EQ(first.state, Sequence::State::kRunning);
  EXPECT_EQ(second.state, Sequence::State::kWaiting);
  EXPECT_TRUE(second.blocks.empty());
  bench.scheduler.remove(first);
  // Twelve of its thirteen tokens are in full blocks, one of which was needed by the first.
  EXPECT_EQ(bench.step(), (Shares{{2, 5}}));
}

TEST(StepScheduler, AdmitsNobodyInAStepThatPreempted) {
  Bench bench(6, {.step_tokens_max = 100, .watermark = 0.0});
  bench.add(11);
  bench.add(11, 50);
  bench.step();
  bench.step();
  bench.add(1, 500, -1);
  EXPECT_EQ(bench.step(), (Shares{{1, 1}}));
}

TEST(StepScheduler, AdmitsOnlyWhatLeavesTheWatermarkFree) {
  Bench bench(10, {.step_tokens_max = 100, .watermark = 0.2});
  bench.add(20);
  bench.add(16, 50);
  EXPECT_EQ(bench.step(), (Shares{{1, 20}}));  // 5 free, 4 needed, 2 to stay free.
  EXPECT_EQ(bench.scheduler.waiting_count(), 1);
}

TEST(StepScheduler, CountsWhatRunningPrefillsWillStillNeed) {
  Bench bench(10, {.step_tokens_max = 8, .watermark = 0.0});
  bench.add(30);
  bench.step();
  bench.step();
  bench.step();
  bench.add(12, 100);  // Three blocks; two of the four free ones are promised to the first.
  EXPECT_EQ(bench.step(), (Shares{{1, 6}}));
  EXPECT_EQ(bench.scheduler.queued_prefill_tokens(), 12);
}

}  // namespace
}  // namespace ringmaster::engine
