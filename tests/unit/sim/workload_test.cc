#include "sim/workload.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

using testing::HasSubstr;

/// A trace of requests that are `input_tokens` long with these ids.
class TraceBuilder {
 public:
  TraceBuilder& add(std::uint32_t input_tokens, const std::vector<std::uint64_t>& ids) {
    trace_.records.push_back({.input_tokens = input_tokens,
                              .output_tokens = 1,
                              .first_id = trace_.hash_ids.size(),
                              .id_count = ids.size()});
    trace_.hash_ids.insert(trace_.hash_ids.end(), ids.begin(), ids.end());
    return *this;
  }

  [[nodiscard]] Workload build(const WorkloadOptions& options = {}) const {
    return Workload::make(trace_, options).value();
  }
  [[nodiscard]] const Trace& trace() const { return trace_; }

 private:
  Trace trace_;
};

PrefixChain chain(const Workload& workload, std::size_t index) {
  const auto span = workload.chain_of(workload.requests()[index]);
  return {span.begin(), span.end()};
}

TEST(Workload, GivesEqualChainsToEqualIds) {
  const auto workload = TraceBuilder().add(1024, {1, 2}).add(1024, {1, 2}).build();
  EXPECT_EQ(chain(workload, 0), chain(workload, 1));
}

TEST(Workload, SharesAPrefixAsFarAsTheIdsAreEqual) {
  const auto workload = TraceBuilder().add(1024, {1, 2}).add(1024, {1, 3}).build();
  EXPECT_EQ(chain(workload, 0)[0], chain(workload, 1)[0]);
  EXPECT_NE(chain(workload, 0)[1], chain(workload, 1)[1]);
}

TEST(Workload, DoesNotTakeAnEqualIdAfterAnotherPrefixForEqual) {
  const auto workload = TraceBuilder().add(1024, {1, 2}).add(1024, {3, 2}).build();
  EXPECT_NE(chain(workload, 0)[1], chain(workload, 1)[1]);
}

TEST(Workload, DoesNotTakeIdsWithEqualDigitsForEqual) {
  const auto workload = TraceBuilder().add(1024, {1, 23}).add(1024, {12, 3}).build();
  EXPECT_NE(chain(workload, 0)[1], chain(workload, 1)[1]);
}

TEST(Workload, SharesNothingBetweenAdapters) {
  Trace trace = TraceBuilder().add(1024, {1, 2}).add(1024, {1, 2}).trace();
  trace.records[1].labels.adapter = 7;
  const auto workload = Workload::make(trace, {}).value();
  EXPECT_NE(chain(workload, 0)[0], chain(workload, 1)[0]);
  EXPECT_EQ(workload.requests()[1].labels.adapter, 7U);
}

TEST(Workload, CountsFullBlocksOnly) {
  const auto workload = TraceBuilder().add(1023, {1, 2}).build();
  EXPECT_EQ(workload.requests()[0].block_count, 1U);
}

TEST(Workload, CutsPromptsToTheLongestAllowed) {
  const auto workload = TraceBuilder().add(2000, {1, 2, 3, 4}).build({.prompt_tokens_max = 1100});
  EXPECT_EQ(workload.requests()[0].prompt_tokens, 1100U);
  EXPECT_EQ(workload.requests()[0].block_count, 2U);
}

TEST(Workload, HasNoMoreBlocksThanTheTraceNames) {
  const auto workload = TraceBuilder().add(2000, {1}).build();
  EXPECT_EQ(workload.requests()[0].block_count, 1U);
}

TEST(Workload, CutsTraceBlocksIntoSmallerOnes) {
  const auto workload =
      TraceBuilder().add(700, {1, 2}).add(650, {1, 2}).build({.block_tokens = 128});
  EXPECT_EQ(workload.requests()[0].block_count, 5U);  // 640 of 700 tokens
  EXPECT_EQ(chain(workload, 0), chain(workload, 1));
}

TEST(Workload, TakesAWindowOfTheTrace) {
  const auto workload =
      TraceBuilder().add(10, {}).add(20, {}).add(30, {}).build({.skip = 1, .requests = 1});
  ASSERT_EQ(workload.requests().size(), 1U);
  EXPECT_EQ(workload.requests()[0].prompt_tokens, 20U);
}

TEST(Workload, RefusesMoreRequestsThanThereAre) {
  const auto workload =
      Workload::make(TraceBuilder().add(10, {}).trace(), {.skip = 1, .requests = 1});
  ASSERT_FALSE(workload.has_value());
  EXPECT_EQ(workload.error().message, "expected at least 1 records after the first 1, found 0");
}

TEST(Workload, RefusesBlocksThatDoNotDivideTheTracesBlocks) {
  const auto workload = Workload::make(TraceBuilder().add(10, {}).trace(), {.block_tokens = 100});
  ASSERT_FALSE(workload.has_value());
  EXPECT_THAT(workload.error().message, HasSubstr("a divisor of 512 from 16, found 100"));
}

TEST(UncachedTokensAtBest, CountsWhatNoEarlierRequestHad) {
  const auto workload = TraceBuilder().add(1024, {1, 2}).add(1100, {1, 3}).build();
  EXPECT_EQ(uncached_tokens_at_best(workload, 0), 1024U + 588U);
  EXPECT_EQ(uncached_tokens_at_best(workload, 1), 588U);
}

TEST(UncachedTokensAtBest, ComputesAtLeastOneToken) {
  const auto workload = TraceBuilder().add(1024, {1, 2}).add(1024, {1, 2}).build();
  EXPECT_EQ(uncached_tokens_at_best(workload, 1), 1U);
}

}  // namespace
}  // namespace ringmaster::sim
