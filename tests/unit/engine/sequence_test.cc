#include "engine/sequence.h"

#include <gtest/gtest.h>

namespace ringmaster::engine {
namespace {

TEST(Sequence, GrowsWithoutMovingByWhatWasReserved) {
  Sequence sequence;
  sequence.tokens = {1, 2, 3, 4, 5};
  sequence.reserve(100, 4);
  const TokenId* tokens = sequence.tokens.data();
  const BlockHash* chain = sequence.chain.data();
  for (TokenId token = 0; token < 100; ++token) sequence.append(token, 4);
  EXPECT_EQ(sequence.total_tokens(), 105);
  EXPECT_EQ(sequence.tokens.data(), tokens);
  EXPECT_EQ(sequence.chain.data(), chain);
  EXPECT_GE(sequence.blocks.capacity(), 27U);
}

}  // namespace
}  // namespace ringmaster::engine
