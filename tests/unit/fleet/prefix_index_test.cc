#include "fleet/prefix_index.h"

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ringmaster {
namespace {

PrefixChain chain(std::initializer_list<std::uint64_t> ids) {
  PrefixChain hashes;
  for (const std::uint64_t id : ids) hashes.push_back({.low = id, .high = 0});
  return hashes;
}

std::uint32_t cached(const PrefixIndex& index, InstanceId instance, const PrefixChain& blocks) {
  std::uint32_t count = 0;
  index.cached_blocks(blocks, std::span(&instance, 1), std::span(&count, 1));
  return count;
}

TEST(PrefixIndex, CountsLeadingBlocksOfEachInstance) {
  PrefixIndex index(100);
  index.store({0}, chain({1, 2, 3}));
  index.store({5}, chain({1}));
  std::vector<std::uint32_t> blocks(2);
  index.cached_blocks(chain({1, 2, 9}), std::vector<InstanceId>{{0}, {5}}, blocks);
  EXPECT_EQ(blocks, (std::vector<std::uint32_t>{2, 1}));
}

TEST(PrefixIndex, NamesInstancesThatHaveMostOfAChain) {
  PrefixIndex index(100);
  index.store({0}, chain({1}));
  index.store({70}, chain({1, 2, 3}));
  index.store({5}, chain({1, 2, 3, 4}));
  index.store({9}, chain({3, 4}));
  std::vector<InstanceId> holders(3);
  ASSERT_EQ(index.longest_holders(chain({1, 2, 3, 9}), holders), 2U);
  EXPECT_EQ(holders[0], InstanceId{5});
  EXPECT_EQ(holders[1], InstanceId{70});
  EXPECT_EQ(index.longest_holders(chain({1, 2, 3, 9}), std::span(holders).first(1)), 1U);
  EXPECT_EQ(index.longest_holders(chain({1, 2, 3, 4}), holders), 1U);
  EXPECT_EQ(index.longest_holders(chain({8}), holders), 0U);
  EXPECT_EQ(index.longest_holders({}, holders), 0U);
}

TEST(PrefixIndex, StopsAtTheFirstMissingBlock) {
  PrefixIndex index(100);
  index.store({0}, chain({1, 3}));
  EXPECT_EQ(cached(index, {0}, chain({1, 2, 3})), 1U);
}

TEST(PrefixIndex, ForgetsABlockThatNobodyHas) {
  PrefixIndex index(100);
  index.store({0}, chain({1}));
  index.store({1}, chain({1}));
  index.remove({0}, chain({1}));
  EXPECT_EQ(index.size(), 1U);
  index.remove({1}, chain({1}));
  EXPECT_EQ(index.size(), 0U);
}

TEST(PrefixIndex, IgnoresTheRemovalOfWhatItDoesNotKnow) {
  PrefixIndex index(100);
  index.store({0}, chain({1}));
  index.remove({0}, chain({2}));
  index.remove({1}, chain({1}));
  index.remove({999}, chain({1}));
  EXPECT_EQ(cached(index, {0}, chain({1})), 1U);
}

TEST(PrefixIndex, RefusesAndCountsBlocksBeyondItsBound) {
  PrefixIndex index(2);
  index.store({0}, chain({1, 2, 3}));
  EXPECT_EQ(index.size(), 2U);
  EXPECT_EQ(index.refused_blocks(), 1U);
  index.store({1}, chain({1}));  // Known already: fits.
  EXPECT_EQ(index.refused_blocks(), 1U);
  EXPECT_EQ(cached(index, {1}, chain({1})), 1U);
}

TEST(PrefixIndex, ClearsOneInstanceOnly) {
  PrefixIndex index(100);
  index.store({0}, chain({1, 2}));
  index.store({1}, chain({1}));
  index.clear({0});
  EXPECT_EQ(cached(index, {0}, chain({1})), 0U);
  EXPECT_EQ(cached(index, {1}, chain({1})), 1U);
  EXPECT_EQ(index.size(), 1U);
}

TEST(PrefixIndex, HoldsMoreInstancesThanOneWordHasBits) {
  PrefixIndex index(100);
  index.store({3}, chain({1, 2}));
  index.store({64}, chain({1}));
  index.store({1023}, chain({1, 2}));
  std::vector<std::uint32_t> by_slot(1024);
  index.cached_blocks_by_slot(chain({1, 2}), by_slot);
  EXPECT_EQ(by_slot[3], 2U);
  EXPECT_EQ(by_slot[64], 1U);
  EXPECT_EQ(by_slot[1023], 2U);
  EXPECT_EQ(by_slot[0], 0U);
  index.clear({3});
  EXPECT_EQ(cached(index, {1023}, chain({1, 2})), 2U);
}

/// The same by sets of pairs.
struct ModelIndex {
  std::set<std::pair<std::uint32_t, BlockHash>> pairs;

  [[nodiscard]] std::uint32_t cached(InstanceId instance, const PrefixChain& blocks) const {
    std::uint32_t count = 0;
    while (count < blocks.size() && pairs.contains({instance.value, blocks[count]})) ++count;
    return count;
  }
};

TEST(PrefixIndex, BehavesAsASetOfPairsUnderRandomChanges) {
  for (const std::uint32_t slots : {3U, 70U, 200U}) {
    Random random(slots);
    PrefixIndex index(1'000'000);
    ModelIndex model;
    for (int step = 0; step < 6000; ++step) {
      const InstanceId instance{static_cast<std::uint32_t>(random.below(slots))};
      PrefixChain blocks;
      for (std::uint64_t i = random.below(6); i > 0; --i) {
        blocks.push_back({.low = random.below(40), .high = 0});
      }
      const std::uint64_t choice = random.below(100);
      if (choice < 55) {
        index.store(instance, blocks);
        for (const BlockHash& block : blocks) model.pairs.emplace(instance.value, block);
      } else if (choice < 98) {
        index.remove(instance, blocks);
        for (const BlockHash& block : blocks) model.pairs.erase({instance.value, block});
      } else {
        index.clear(instance);
        std::erase_if(model.pairs, [&](const auto& pair) { return pair.first == instance.value; });
      }
      std::vector<std::uint32_t> by_slot(slots);
      index.cached_blocks_by_slot(blocks, by_slot);
      for (std::uint32_t slot = 0; slot < slots; slot += 7) {
        ASSERT_EQ(by_slot[slot], model.cached({slot}, blocks));
        ASSERT_EQ(cached(index, {slot}, blocks), model.cached({slot}, blocks));
      }
      std::set<BlockHash> distinct;
      if (step % 100 == 0) {
        for (const auto& [slot, block] : model.pairs) distinct.insert(block);
        ASSERT_EQ(index.size(), distinct.size());
      }
    }
  }
}

}  // namespace
}  // namespace ringmaster
