#include <gtest/gtest.h>

#include "router/trace_recorder.h"

namespace ringmaster {
namespace {

PrefixChain chain_of(std::size_t blocks) {
  PrefixChain chain;
  for (std::size_t i = 1; i <= blocks; ++i) chain.push_back({.low = i * 1'000, .high = i});
  return chain;
}

TEST(TraceIds, HaveOnePerFiveHundredTwelveTokensTheLastMayBePartial) {
  EXPECT_EQ(trace_ids(chain_of(32), 16, 512, 1).size(), 1U);
  EXPECT_EQ(trace_ids(chain_of(32), 16, 513, 1).size(), 2U);
  EXPECT_EQ(trace_ids(chain_of(2), 512, 1'100, 1).size(), 3U);
  EXPECT_EQ(trace_ids({}, 16, 0, 1).size(), 0U);
}

TEST(TraceIds, AreEqualAsFarAsPrefixesAre) {
  const auto shorter = trace_ids(chain_of(32), 16, 512, 1);
  const auto longer = trace_ids(chain_of(64), 16, 1'024, 2);
  EXPECT_EQ(longer[0], shorter[0]);
  EXPECT_NE(longer[1], shorter[0]);
}

TEST(TraceIds, AreTheRequestsOwnWhereNoBlockIsFull) {
  EXPECT_NE(trace_ids({}, 16, 10, 1), trace_ids({}, 16, 10, 2));
}

TEST(TraceIds, FitIntoADoubleExactly) {
  for (const auto id : trace_ids(chain_of(320), 16, 5'120, 1)) EXPECT_LT(id, 1ULL << 53U);
}

}  // namespace
}  // namespace ringmaster
