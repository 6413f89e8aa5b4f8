#include "fleet/block_lru.h"

#include <algorithm>
#include <cstdint>
#include <list>
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

PrefixChain contents(const BlockLru& lru) {
  PrefixChain hashes;
  lru.for_each([&](const BlockHash& hash) { hashes.push_back(hash); });
  return hashes;
}

TEST(BlockLru, CachesNothingAtFirst) {
  const BlockLru lru(4);
  EXPECT_EQ(lru.cached_blocks(chain({1, 2})), 0U);
  EXPECT_EQ(lru.size(), 0U);
}

TEST(BlockLru, FindsTheLongestCachedPrefix) {
  BlockLru lru(8);
  lru.insert(chain({1, 2, 3}));
  EXPECT_EQ(lru.cached_blocks(chain({1, 2, 3, 4})), 3U);
  EXPECT_EQ(lru.cached_blocks(chain({1, 2, 9})), 2U);
  EXPECT_EQ(lru.cached_blocks(chain({9, 2, 3})), 0U);
}

TEST(BlockLru, InsertReturnsWhatHadBeenCached) {
  BlockLru lru(8);
  EXPECT_EQ(lru.insert(chain({1, 2})), 0U);
  EXPECT_EQ(lru.insert(chain({1, 2, 3})), 2U);
}

TEST(BlockLru, EvictsTheLeastRecentlyUsedPrefixFirst) {
  BlockLru lru(4);
  lru.insert(chain({1, 2}));
  lru.insert(chain({3, 4}));
  lru.touch(chain({1, 2}));
  BlockChanges changes;
  lru.insert(chain({5}), &changes);
  EXPECT_EQ(changes.removed, chain({4}));
  EXPECT_EQ(changes.stored, chain({5}));
}

TEST(BlockLru, EvictsTheTailOfAPrefixBeforeItsHead) {
  BlockLru lru(3);
  lru.insert(chain({1, 2, 3}));
  BlockChanges changes;
  lru.insert(chain({4, 5}), &changes);
  EXPECT_EQ(changes.removed, chain({3, 2}));
  EXPECT_EQ(lru.cached_blocks(chain({1, 2, 3})), 1U);
}

TEST(BlockLru, NeverEvictsTheChainBeingInserted) {
  BlockLru lru(3);
  lru.insert(chain({1, 2}));
  lru.insert(chain({9}));
  lru.insert(chain({1, 2, 3}));
  EXPECT_EQ(contents(lru), chain({1, 2, 3}));
}

TEST(BlockLru, KeepsTheHeadOfAChainLongerThanItself) {
  BlockLru lru(2);
  lru.insert(chain({1, 2, 3, 4}));
  EXPECT_EQ(contents(lru), chain({1, 2}));
}

TEST(BlockLru, StoresNothingWithoutCapacity) {
  BlockLru lru(0);
  EXPECT_EQ(lru.insert(chain({1})), 0U);
  EXPECT_EQ(lru.size(), 0U);
}

TEST(BlockLru, IsEmptyAfterClearAndUsableAgain) {
  BlockLru lru(4);
  lru.insert(chain({1, 2}));
  lru.clear();
  EXPECT_EQ(lru.size(), 0U);
  lru.insert(chain({3}));
  EXPECT_EQ(contents(lru), chain({3}));
}

// The same rules written as plainly as possible: a list, most recent first.
class ModelLru {
 public:
  explicit ModelLru(std::size_t capacity) : capacity_(capacity) {}

  std::size_t insert(PrefixChain blocks) {
    blocks.resize(std::min(blocks.size(), capacity_));
    std::size_t cached = 0;
    while (cached < blocks.size() && std::ranges::count(list_, blocks[cached]) > 0) ++cached;
    for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
      list_.remove(*block);
      list_.push_front(*block);
    }
    while (list_.size() > capacity_) list_.pop_back();
    return cached;
  }

  [[nodiscard]] PrefixChain contents() const { return {list_.begin(), list_.end()}; }

 private:
  std::size_t capacity_;
  std::list<BlockHash> list_;
};

/// A path down a tree in which each block has three children.
PrefixChain random_chain(Random& random) {
  PrefixChain blocks;
  std::uint64_t node = 1;
  for (std::uint64_t length = random.below(7); blocks.size() < length;) {
    node = node * 3 + random.below(3);
    blocks.push_back({.low = mix64(node), .high = node});
  }
  return blocks;
}

TEST(BlockLru, BehavesAsTheListModelOverRandomChains) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    const auto capacity = static_cast<std::uint32_t>(random.below(60));
    BlockLru lru(capacity);
    ModelLru model(capacity);
    BlockChanges changes;
    for (int step = 0; step < 400; ++step) {
      const PrefixChain blocks = random_chain(random);
      ASSERT_EQ(lru.insert(blocks, &changes), model.insert(blocks)) << "seed=" << seed;
      ASSERT_EQ(contents(lru), model.contents()) << "seed=" << seed << " step=" << step;
    }
    EXPECT_EQ(changes.stored.size() - changes.removed.size(), lru.size());
  }
}

// A trace that is not made of chains must not break the list.
TEST(BlockLru, StaysSoundWhenABlockComesTwiceOrUnderTwoParents) {
  Random random(5);
  BlockLru lru(6);
  for (int step = 0; step < 5000; ++step) {
    PrefixChain blocks;
    for (std::uint64_t length = random.below(9); blocks.size() < length;) {
      blocks.push_back({.low = random.below(10), .high = 0});
    }
    lru.insert(blocks);
    ASSERT_LE(lru.size(), 6U);
    ASSERT_EQ(contents(lru).size(), lru.size());
  }
}

}  // namespace
}  // namespace ringmaster
