// The engine on a simulated device with far too little KV: requests arrive, leave and preempt each
// other.

#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "engine/engine.h"
#include "engine/simulated/sim_executor.h"

namespace ringmaster::engine {
namespace {

constexpr std::int32_t kContext = 1024;

struct Served {
  std::int32_t output_tokens_max = 0;
  std::int32_t output_tokens = 0;
  bool is_over = false;
};

class EngineUnderPressure : public testing::TestWithParam<std::uint64_t> {
 protected:
  EngineUnderPressure()
      : random_(GetParam()),
        device_({.model = {.name = "m", .vocabulary_size = 512, .context_tokens_max = kContext},
                 .block_tokens = 16,
                 .block_count = 80,
                 .profile = find_profile("qwen2.5-7b@910b4").value()},
                nullptr),
        engine_(device_, {}) {}

  /// Prompts of four families, each of which begins alike.
  void submit_one() {
    const auto length = static_cast<std::int32_t>(1 + random_.below(700));
    const auto family = static_cast<TokenId>(random_.below(4) * 100);
    GenerateRequest request{.output_tokens_max = static_cast<std::int32_t>(1 + random_.below(300)),
                            .priority = static_cast<std::int32_t>(random_.below(2))};
    for (TokenId i = 0; i < length; ++i) request.prompt.push_back(family + i % 97);
    const std::int32_t output_tokens = request.output_tokens_max;
    const auto id = engine_.submit(std::move(request));
    ASSERT_TRUE(id) << id.error().message;
    served_[*id].output_tokens_max = output_tokens;
  }

  void abort_one() {
    const RequestId victim = 1 + random_.below(served_.size());
    if (engine_.abort(victim)) served_[victim].is_over = true;
  }

  void step() {
    engine_.begin_step();
    if (random_.below(12) == 0) abort_one();
    StepResult result;
    engine_.end_step(result);
    longest_step_ = std::max(longest_step_, result.device_time);
    for (const OutputEvent& event : result.outputs) {
      Served& served = served_.at(event.request);
      ASSERT_FALSE(served.is_over);
      ASSERT_EQ(event.output_index, served.output_tokens++);
      served.is_over = event.finish == FinishReason::kLength;
    }
    if (result.has_kv_events) apply(engine_.kv_events().last());
  }

  void apply(const KvEventBatch& batch) {
    for (const KvEvent& event : batch.events) {
      for (const BlockHash& block : event.blocks) {
        const bool is_stored = event.type == KvEvent::Type::kStored;
        const bool is_news = is_stored ? told_.insert(block).second : told_.erase(block) == 1;
        ASSERT_TRUE(is_news);
      }
    }
  }

  void run() {
    for (int i = 0; i < 600 || engine_.has_work(); ++i) {
      ASSERT_LT(i, 200'000) << "no progress, seed " << GetParam();
      if (i < 600 && random_.below(3) == 0) submit_one();
      if (engine_.has_work()) step();
      if (HasFatalFailure()) return;
      if (i % 16 == 0) {
        ASSERT_EQ(told_, cached()) << "step " << i;
      }
    }
  }

  [[nodiscard]] std::set<BlockHash> cached() const {
    const auto hashes = engine_.pool().indexed_hashes();
    return {hashes.begin(), hashes.end()};
  }

  Random random_;
  SimExecutor device_;
  Engine engine_;
  std::map<RequestId, Served> served_;
  std::set<BlockHash> told_;
  Duration longest_step_{};
};

TEST_P(EngineUnderPressure, GivesEveryRequestThatStaysItsWholeOutput) {
  ASSERT_NO_FATAL_FAILURE(run());
  for (const auto& [id, served] : served_) {
    ASSERT_TRUE(served.is_over) << "request " << id;
    EXPECT_LE(served.output_tokens, served.output_tokens_max);
  }
  EXPECT_GT(engine_.stats().preemptions, 0U);
}

TEST_P(EngineUnderPressure, TellsExactlyWhatItsCacheHolds) {
  ASSERT_NO_FATAL_FAILURE(run());
  EXPECT_EQ(told_, cached());
  EXPECT_GT(engine_.kv_events().last_sequence(), 100U);
}

TEST_P(EngineUnderPressure, HoldsNoBlockWhenNobodyIsLeft) {
  ASSERT_NO_FATAL_FAILURE(run());
  EXPECT_EQ(engine_.stats().held_blocks, 0);
  EXPECT_EQ(engine_.stats().running + engine_.stats().waiting, 0);
}

TEST_P(EngineUnderPressure, TakesNoLongerForAStepThanItsBudgetOfTokensDoes) {
  ASSERT_NO_FATAL_FAILURE(run());
  // 2,048 tokens to prefill, and all 80 blocks read by up to 80 sequences.
  EXPECT_LE(longest_step_, from_seconds(0.019 + 2048 * 0.00016 + 80 * 0.0001 + 80 * 1280 * 7.2e-8));
}

INSTANTIATE_TEST_SUITE_P(Seeds, EngineUnderPressure, testing::Range<std::uint64_t>(1, 5));

}  // namespace
}  // namespace ringmaster::engine
