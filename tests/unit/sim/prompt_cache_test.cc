#include "sim/prompt_cache.h"

#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

/// Prompts of 1,100, 1,024 and 600 tokens; the first two begin with the same two blocks of 512.
Workload workload() {
  Trace trace;
  trace.hash_ids = {1, 2, 3, 1, 2, 4, 5};
  trace.records = {{.input_tokens = 1100, .output_tokens = 1, .first_id = 0, .id_count = 3},
                   {.input_tokens = 1024, .output_tokens = 1, .first_id = 3, .id_count = 2},
                   {.input_tokens = 600, .output_tokens = 1, .first_id = 5, .id_count = 2}};
  return Workload::make(trace, {}).value();
}

/// Room for two blocks and a bit.
const InstanceProfile kProfile = {.name = "small", .kv_cache_tokens = 1500};

TEST(PromptCache, HasNothingAtFirst) {
  const Workload requests = workload();
  const PromptCache cache(kProfile, requests);
  EXPECT_EQ(cache.cached_tokens_of(0), 0U);
  EXPECT_EQ(cache.uncached_tokens_of(0), 1100U);
}

TEST(PromptCache, TakesAMemoryLargerThanItCanCount) {
  const Workload requests = workload();
  PromptCache cache({.name = "large", .kv_cache_tokens = 1'000'000'000'000}, requests);
  StepResult result;
  cache.end_prefill({.request = 0}, result);
  EXPECT_EQ(cache.cached_tokens_of(0), 1024U);
}

TEST(PromptCache, HasTheFullBlocksOfWhatWasPrefilled) {
  const Workload requests = workload();
  PromptCache cache(kProfile, requests);
  StepResult result;
  cache.end_prefill({.request = 0}, result);
  EXPECT_EQ(cache.cached_tokens_of(0), 1024U);
  EXPECT_EQ(cache.uncached_tokens_of(0), 76U);
}

TEST(PromptCache, LeavesATokenOfAFullyCachedPrompt) {
  const Workload requests = workload();
  PromptCache cache(kProfile, requests);
  StepResult result;
  cache.end_prefill({.request = 0}, result);
  EXPECT_EQ(cache.uncached_tokens_of(1), 1U);
}

TEST(PromptCache, SaysWhichBlocksEachPrefillStoredAndRemoved) {
  const Workload requests = workload();
  PromptCache cache(kProfile, requests);
  StepResult result;
  cache.end_prefill({.request = 0}, result);
  cache.end_prefill({.request = 2, .cached_tokens = 0}, result);
  ASSERT_EQ(result.prefilled.size(), 2U);
  EXPECT_EQ(result.prefilled[0].stored_end, 2U);
  EXPECT_EQ(result.prefilled[0].removed_end, 0U);
  EXPECT_EQ(result.prefilled[1].stored_end, 3U);
  EXPECT_EQ(result.prefilled[1].removed_end, 1U);
}

}  // namespace
}  // namespace ringmaster::sim
