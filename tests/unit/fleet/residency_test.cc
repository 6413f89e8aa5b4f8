#include "fleet/residency.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

constexpr std::uint64_t kTokens = 1000;  // Of each mirror; blocks are of one token.

/// Four blocks of their own for each letter.
PrefixChain prompt(char letter) {
  PrefixChain chain;
  for (std::uint64_t i = 0; i < 4; ++i) {
    chain.push_back({.low = static_cast<std::uint64_t>(letter) * 100 + i, .high = 0});
  }
  return chain;
}

struct FullIndex : ::testing::Test {
  FullIndex() {
    for (std::uint32_t slot = 0; slot < 2; ++slot) {
      residency.add({slot}, ResidencySource::kMirror, kTokens);
    }
  }
  void compute(std::uint32_t slot, char letter) {
    residency.prompt_computed({slot}, prompt(letter), 1);
  }
  [[nodiscard]] std::uint32_t cached(std::uint32_t slot, char letter) const {
    const InstanceId instance{slot};
    std::uint32_t blocks = 0;
    residency.index().cached_blocks(prompt(letter), std::span(&instance, 1), std::span(&blocks, 1));
    return blocks;
  }

  Residency residency{8};  // Room for two prompts.
};

TEST_F(FullIndex, ForgetsWhatWasUsedLongestAgo) {
  for (const char letter : {'a', 'b', 'a', 'c'}) compute(0, letter);
  EXPECT_EQ(cached(0, 'a'), 4U);
  EXPECT_EQ(cached(0, 'b'), 0U);
  EXPECT_EQ(cached(0, 'c'), 4U);
}

TEST_F(FullIndex, TakesRoomFromTheInstanceThatHasMost) {
  compute(0, 'a');
  compute(0, 'b');
  compute(1, 'c');
  EXPECT_EQ(cached(0, 'a'), 0U);
  EXPECT_EQ(cached(0, 'b'), 4U);
  EXPECT_EQ(cached(1, 'c'), 4U);
}

TEST_F(FullIndex, GoesOnUntilABlockThatNobodyElseHasIsGone) {
  compute(0, 'a');
  compute(1, 'a');
  compute(0, 'b');
  compute(0, 'c');
  EXPECT_EQ(cached(0, 'c'), 4U);
  EXPECT_EQ(residency.index().size(), 8U);
  EXPECT_EQ(residency.index().refused_blocks(), 0U);
}

TEST_F(FullIndex, TakesTheBeginningOfAPromptThatIsLargerThanItself) {
  Residency small(3);
  small.add({0}, ResidencySource::kMirror, kTokens);
  small.prompt_computed({0}, prompt('a'), 1);
  EXPECT_EQ(small.index().size(), 3U);
  EXPECT_EQ(small.index().refused_blocks(), 1U);
}

TEST_F(FullIndex, RefusesWhatAnInstanceTellsOfItself) {
  residency.add({2}, ResidencySource::kEvents, kTokens);
  compute(0, 'a');
  compute(0, 'b');
  residency.stored({2}, prompt('c'));
  EXPECT_EQ(cached(2, 'c'), 0U);
  EXPECT_EQ(cached(0, 'a'), 4U);
}

}  // namespace
}  // namespace ringmaster
