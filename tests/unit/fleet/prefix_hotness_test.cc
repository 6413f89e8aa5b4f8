#include "fleet/prefix_hotness.h"

#include <algorithm>
#include <cstdint>

#include <gtest/gtest.h>

#include "base/random.h"
#include "fleet/share_hotness.h"

namespace ringmaster {
namespace {

constexpr std::uint32_t kInstances = 8;  // Hot above 1/4, cool below 1/8.

/// A chain of `blocks` blocks of which the first `shared` are those of `prefix`.
PrefixChain request(std::uint64_t prefix, std::uint32_t shared, std::uint64_t own,
                    std::uint32_t blocks = 6) {
  PrefixChain chain;
  for (std::uint64_t i = 0; i < blocks; ++i) {
    const std::uint64_t owner = i < shared ? prefix : 1'000'000 + own;
    chain.push_back({.low = mix64(owner * 100 + i + 1), .high = 0});
  }
  return chain;
}

void observe(PrefixHotness& hotness, int times, std::uint64_t prefix, std::uint32_t shared,
             std::uint64_t& own) {
  for (int i = 0; i < times; ++i) hotness.observe(request(prefix, shared, ++own), kInstances);
}

TEST(ShareHotness, BeginsWithOneBlock) {
  const ShareHotness hotness({});
  EXPECT_EQ(hotness.key_blocks(request(1, 6, 1)), 1U);
}

TEST(ShareHotness, HasNoKeyForAnEmptyChain) {
  ShareHotness hotness({});
  hotness.observe({}, kInstances);
  EXPECT_EQ(hotness.key_blocks({}), 0U);
}

TEST(ShareHotness, GrowsTheKeyToWhereRequestsDiverge) {
  ShareHotness hotness({.window_requests = 100});
  std::uint64_t own = 0;
  observe(hotness, 200, 1, 3, own);
  // Three blocks are common to all; the fourth is everyone's own, so it never gets hot.
  EXPECT_EQ(hotness.key_blocks(request(1, 3, ++own)), 4U);
}

TEST(ShareHotness, KeepsOneBlockWhileNoPrefixExceedsTwoShares) {
  ShareHotness hotness({.window_requests = 100});
  std::uint64_t own = 0;
  for (int round = 0; round < 100; ++round) {
    for (std::uint64_t prefix = 1; prefix <= 5; ++prefix) observe(hotness, 1, prefix, 3, own);
  }
  // Five prefixes of a fifth each: below a quarter.
  EXPECT_EQ(hotness.key_blocks(request(1, 3, ++own)), 1U);
}

TEST(ShareHotness, NeedsTwentySamplesBeforeItGrows) {
  ShareHotness hotness({});
  std::uint64_t own = 0;
  observe(hotness, 19, 1, 3, own);
  EXPECT_EQ(hotness.key_blocks(request(1, 3, ++own)), 1U);
  observe(hotness, 1, 1, 3, own);
  EXPECT_EQ(hotness.key_blocks(request(1, 3, ++own)), 2U);
}

TEST(ShareHotness, GrowsByOneBlockARequest) {
  ShareHotness hotness({.window_requests = 100});
  std::uint64_t own = 0;
  observe(hotness, 20, 1, 5, own);
  EXPECT_EQ(hotness.key_blocks(request(1, 5, ++own)), 2U);
  observe(hotness, 1, 1, 5, own);
  EXPECT_EQ(hotness.key_blocks(request(1, 5, ++own)), 3U);
}

TEST(ShareHotness, ShrinksTheKeyOnceThePrefixHasCooled) {
  ShareHotness hotness({.window_requests = 100});
  std::uint64_t own = 0;
  observe(hotness, 100, 1, 3, own);
  ASSERT_EQ(hotness.key_blocks(request(1, 3, ++own)), 4U);
  // The prefix goes down to 10 of 100: below an eighth.
  for (int i = 0; i < 20; ++i) {
    observe(hotness, 9, 1000 + static_cast<std::uint64_t>(i), 0, own);
    observe(hotness, 1, 1, 3, own);
  }
  EXPECT_EQ(hotness.key_blocks(request(1, 3, ++own)), 1U);
}

TEST(ShareHotness, KeepsTheKeyBetweenTheTwoThresholds) {
  ShareHotness hotness({.window_requests = 100});
  std::uint64_t own = 0;
  observe(hotness, 100, 1, 3, own);
  // A fifth: no longer hot, not yet cool.
  for (int i = 0; i < 100; ++i) {
    observe(hotness, 4, 1000 + static_cast<std::uint64_t>(i), 0, own);
    observe(hotness, 1, 1, 3, own);
  }
  EXPECT_EQ(hotness.key_blocks(request(1, 3, ++own)), 4U);
}

TEST(ShareHotness, NeverGrowsBeyondTheChainOrTheLimit) {
  ShareHotness hotness({.window_requests = 50, .key_blocks_max = 3});
  for (int i = 0; i < 100; ++i) hotness.observe(request(1, 6, 1), kInstances);
  EXPECT_EQ(hotness.key_blocks(request(1, 6, 1)), 3U);
  EXPECT_EQ(hotness.key_blocks(request(1, 2, 1, 2)), 2U);
}

TEST(ShareHotness, NeverGrowsWithTwoInstances) {
  ShareHotness hotness({.window_requests = 50});
  for (int i = 0; i < 100; ++i) hotness.observe(request(1, 6, 1), 2);
  EXPECT_EQ(hotness.key_blocks(request(1, 6, 1)), 1U);
}

TEST(ShareHotness, ForgetsEveryPrefixThatHasLeftTheWindow) {
  ShareHotness hotness({.window_requests = 40});
  std::uint64_t own = 0;
  Random random(2);
  for (int i = 0; i < 5000; ++i) {
    observe(hotness, 1, random.below(6), static_cast<std::uint32_t>(random.below(6)), own);
    ASSERT_LE(hotness.observed_requests(), 40U);
    ASSERT_LE(hotness.node_count(), 40U * 6U);
  }
  for (int i = 0; i < 40; ++i) hotness.observe(request(77, 1, 1, 1), kInstances);
  EXPECT_EQ(hotness.node_count(), 1U);
}

TEST(ShareHotness, WidensItsWindowWithTheFleet) {
  ShareHotness hotness({});
  for (int i = 0; i < 3000; ++i) hotness.observe(request(1, 2, 1), 8);
  EXPECT_EQ(hotness.observed_requests(), 1000U);
  for (int i = 0; i < 5000; ++i) hotness.observe(request(1, 2, 1), 256);
  EXPECT_EQ(hotness.observed_requests(), 4096U);
}

HotnessOptions code_form() {
  return {.form = HotnessOptions::Form::kCode};
}

TEST(TableHotness, GrowsAtSixPercentOfTheObservationsOnceThereAreTwenty) {
  const auto hotness = make_prefix_hotness(code_form());
  std::uint64_t own = 0;
  observe(*hotness, 18, 1000, 0, own);
  observe(*hotness, 1, 1, 3, own);
  EXPECT_EQ(hotness->key_blocks(request(1, 3, ++own)), 1U);
  observe(*hotness, 1, 1, 3, own);  // 2 of 20: 10 %.
  EXPECT_EQ(hotness->key_blocks(request(1, 3, ++own)), 2U);
}

TEST(TableHotness, KeepsWhatIsRareAtOneBlock) {
  const auto hotness = make_prefix_hotness(code_form());
  std::uint64_t own = 0;
  for (int i = 0; i < 400; ++i)
    observe(*hotness, 1, 100 + static_cast<std::uint64_t>(i) % 50, 3, own);
  EXPECT_EQ(hotness->key_blocks(request(100, 3, ++own)), 1U);
}

// As published: the deletion of cooled entries never finds the entry that made the key deep.
TEST(TableHotness, NeverShrinksAKey) {
  const auto hotness = make_prefix_hotness(code_form());
  std::uint64_t own = 0;
  observe(*hotness, 100, 1, 2, own);
  const std::uint32_t grown = hotness->key_blocks(request(1, 2, ++own));
  ASSERT_GT(grown, 1U);
  for (int i = 0; i < 100; ++i) {
    observe(*hotness, 99, 1000, 0, own);
    observe(*hotness, 1, 1, 2, own);
  }
  EXPECT_EQ(hotness->key_blocks(request(1, 2, ++own)), grown);
}

}  // namespace
}  // namespace ringmaster
