#include <gtest/gtest.h>

#include "tests/unit/policies/learning_fixture.h"

namespace ringmaster {
namespace {

// Instances 0 and 1 are the short pool, 2 and 3 the long one.
class PoolByLengthTest : public LearningFixture {
 protected:
  PoolByLengthTest() { make("pool_by_length:threshold_tokens=1000"); }
};

TEST_F(PoolByLengthTest, PartsRequestsByTheirLength) {
  EXPECT_LT(chosen(), 2U);
  EXPECT_EQ(choose().reason, "short_pool");
  request_.prompt_tokens = 1001;
  EXPECT_GE(chosen(), 2U);
  EXPECT_EQ(choose().reason, "long_pool");
}

TEST_F(PoolByLengthTest, CountsTheOutputThatTheClientAllows) {
  request_.output_tokens_max = 1;
  EXPECT_GE(chosen(), 2U);
}

TEST_F(PoolByLengthTest, GuessesTheOutputFromThePast) {
  request_.prompt_tokens = 900;
  EXPECT_LT(chosen(), 2U);
  for (int i = 0; i < 20; ++i) serve(request_, 0, 1.0, 101);
  EXPECT_GE(chosen(), 2U);
}

TEST_F(PoolByLengthTest, TakesTheSmallestEstimateWithinThePool) {
  load(0).begin_prefill(600);
  EXPECT_EQ(chosen(), 1U);
  cache(0, 7);
  EXPECT_EQ(chosen(), 0U);
}

TEST_F(PoolByLengthTest, SpillsShortRequestsPastTheTargetToALongPoolThatIsSooner) {
  load(0).begin_prefill(4001);
  load(1).begin_prefill(4000);  // On the target.
  EXPECT_EQ(choose().reason, "short_pool");
  load(1).begin_prefill(1);
  const RoutingDecision spilled = choose();
  EXPECT_EQ(spilled.reason, "short_spills_to_long");
  EXPECT_GE(spilled.instance.value, 2U);
  load(2).begin_prefill(9000);
  load(3).begin_prefill(9000);
  EXPECT_EQ(choose().reason, "short_pool");
}

TEST_F(PoolByLengthTest, NeverSpillsLongRequests) {
  request_.prompt_tokens = 2000;
  load(2).begin_prefill(50'000);
  load(3).begin_prefill(50'000);
  EXPECT_EQ(choose().reason, "long_pool");
}

TEST_F(PoolByLengthTest, MakesTheInstancesWithTheLeastMemoryTheShortPool) {
  fleet_.remove({3});
  fleet_.add({3}, {.name = "small", .prefill_seconds_per_token = 0.001, .kv_cache_tokens = 100},
             ResidencySource::kEvents);
  make("pool_by_length:threshold_tokens=1000,short_share=0.25");
  EXPECT_EQ(chosen(), 3U);
}

}  // namespace
}  // namespace ringmaster
