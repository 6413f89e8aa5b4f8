#include "policies/output_history.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

RequestSpec request_of(std::uint64_t tenant) {
  RequestSpec request;
  request.tenant = tenant;
  return request;
}

TEST(OutputHistory, KnowsNothingBeforeTheFirstOutput) {
  OutputHistory history(100);
  EXPECT_FALSE(history.at_share(1, 0.5).has_value());
}

TEST(OutputHistory, GivesTheLengthAtAShareOfTheSortedOnes) {
  OutputHistory history(100);
  for (const std::uint32_t length : {40U, 10U, 30U, 20U}) history.finished(request_of(1), length);
  EXPECT_EQ(history.at_share(0, 0.0), 10U);
  EXPECT_EQ(history.at_share(0, 0.5), 30U);
  EXPECT_EQ(history.at_share(0, 0.99), 40U);
}

TEST(OutputHistory, LooksOnlyAtLongerOnesWhereSoManyTokensAreOutAlready) {
  OutputHistory history(100);
  for (const std::uint32_t length : {40U, 10U, 30U, 20U}) history.finished(request_of(1), length);
  EXPECT_EQ(history.at_share(0, 0.0, 20), 30U);
  EXPECT_FALSE(history.at_share(0, 0.0, 40).has_value());
}

TEST(OutputHistory, PrefersTheRequestsOwnKindOnceItHasTwentyOutputs) {
  OutputHistory history(100);
  const RequestSpec chatty = request_of(2);
  for (int i = 0; i < 19; ++i) history.finished(chatty, 900);
  for (int i = 0; i < 60; ++i) history.finished(request_of(1), 5);
  EXPECT_EQ(history.at_share(OutputHistory::kind_of(chatty), 0.5), 5U);
  history.finished(chatty, 900);
  EXPECT_EQ(history.at_share(OutputHistory::kind_of(chatty), 0.5), 900U);
}

TEST(OutputHistory, TellsKindsApartByTenantAdapterAndFirstBlock) {
  RequestSpec plain = request_of(1);
  RequestSpec adapted = plain;
  adapted.adapter = 3;
  RequestSpec begun = plain;
  begun.chain.push_back({.low = 9});
  EXPECT_NE(OutputHistory::kind_of(plain), OutputHistory::kind_of(adapted));
  EXPECT_NE(OutputHistory::kind_of(plain), OutputHistory::kind_of(begun));
  EXPECT_NE(OutputHistory::kind_of(plain), OutputHistory::kind_of(request_of(2)));
}

TEST(OutputHistory, ForgetsTheOldest) {
  OutputHistory history(3);
  for (const std::uint32_t length : {1U, 2U, 3U, 4U}) history.finished(request_of(length), length);
  EXPECT_EQ(history.at_share(0, 0.0), 2U);
}

}  // namespace
}  // namespace ringmaster
