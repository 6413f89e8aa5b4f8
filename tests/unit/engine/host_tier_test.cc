#include "engine/host_tier.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "engine/block_pool.h"

namespace ringmaster::engine {
namespace {

constexpr std::int32_t kWidth = 4;  // Tokens of a block.

BlockHash hash_of(std::uint64_t number) {
  return {.low = number, .high = ~number};
}

TokenVector tokens_of(TokenId first) {
  return {first, first + 1, first + 2, first + 3};
}

struct HostTierTest : ::testing::Test {
  KvEventLog events{1, 100};
  HostTier tier{2, kWidth, events};
  std::vector<BlockCopy> saves;
  std::vector<BlockCopy> loads;
};

TEST_F(HostTierTest, KeepsWhatWasSavedUntilItIsTakenOut) {
  tier.save(7, hash_of(1), tokens_of(10));
  EXPECT_TRUE(std::ranges::equal(tier.find(hash_of(1)), tokens_of(10)));
  tier.take_copies(saves, loads);
  EXPECT_EQ(saves, (std::vector<BlockCopy>{{.device = 7, .host = 0}}));
  const HostBlockId block = tier.take_out(hash_of(1));
  EXPECT_EQ(block, 0);
  EXPECT_TRUE(tier.find(hash_of(1)).empty());
  EXPECT_TRUE(std::ranges::equal(tier.load(block, 3), tokens_of(10)));
  tier.take_copies(saves, loads);
  EXPECT_TRUE(saves.empty());
  EXPECT_EQ(loads, (std::vector<BlockCopy>{{.device = 3, .host = 0}}));
}

TEST_F(HostTierTest, DropsTheLeastRecentlySavedWhenItIsFull) {
  for (const std::uint64_t i : {1, 2, 3}) {
    tier.save(0, hash_of(i), tokens_of(0));
    tier.take_copies(saves, loads);
  }
  EXPECT_TRUE(tier.find(hash_of(1)).empty());
  EXPECT_FALSE(tier.find(hash_of(2)).empty());
  EXPECT_FALSE(tier.find(hash_of(3)).empty());
  EXPECT_EQ(tier.indexed_count(), 2);
  EXPECT_EQ(tier.saved_blocks(), 3U);
}

TEST_F(HostTierTest, CopiesOnlyTheLastOfSeveralContentsThatShareABlockWithinAStep) {
  for (const std::int32_t i : {1, 2, 3}) {
    tier.save(10 + i, hash_of(static_cast<std::uint64_t>(i)), tokens_of(i));
  }
  tier.take_copies(saves, loads);
  EXPECT_EQ(saves, (std::vector<BlockCopy>{{.device = 13, .host = 0}, {.device = 12, .host = 1}}));
}

TEST_F(HostTierTest, WritesNothingOverWhatIsAboutToBeLoaded) {
  tier.save(5, hash_of(1), tokens_of(1));
  tier.save(6, hash_of(2), tokens_of(2));
  tier.take_copies(saves, loads);
  const HostBlockId first = tier.take_out(hash_of(1));
  const HostBlockId second = tier.take_out(hash_of(2));
  tier.save(7, hash_of(3), tokens_of(3));  // No room: both are still to be read.
  EXPECT_TRUE(tier.find(hash_of(3)).empty());
  tier.load(first, 7);
  tier.load(second, 8);
  tier.take_copies(saves, loads);
  EXPECT_TRUE(saves.empty());
  tier.save(7, hash_of(3), tokens_of(3));
  EXPECT_FALSE(tier.find(hash_of(3)).empty());
}

TEST_F(HostTierTest, LoadsInTheStepThatSaves) {
  tier.save(5, hash_of(1), tokens_of(1));
  tier.load(tier.take_out(hash_of(1)), 9);
  tier.take_copies(saves, loads);
  EXPECT_EQ(saves, (std::vector<BlockCopy>{{.device = 5, .host = 0}}));
  EXPECT_EQ(loads, (std::vector<BlockCopy>{{.device = 9, .host = 0}}));
}

TEST_F(HostTierTest, ForgetsWhatTheDeviceHasComputedAnew) {
  tier.save(5, hash_of(1), tokens_of(1));
  tier.forget(hash_of(1));
  tier.forget(hash_of(2));  // Was never here.
  EXPECT_TRUE(tier.find(hash_of(1)).empty());
  EXPECT_EQ(tier.indexed_count(), 0);
}

TEST_F(HostTierTest, TellsWhatCameAndWentByItsMedium) {
  tier.save(5, hash_of(1), tokens_of(1));
  ASSERT_TRUE(events.commit());
  EXPECT_EQ(events.last().events,
            (std::vector<KvEvent>{{.medium = KvMedium::kHost, .blocks = {hash_of(1)}}}));
  (void)tier.take_out(hash_of(1));
  ASSERT_TRUE(events.commit());
  EXPECT_EQ(events.last().events, (std::vector<KvEvent>{{.type = KvEvent::Type::kRemoved,
                                                         .medium = KvMedium::kHost,
                                                         .blocks = {hash_of(1)}}}));
}

TEST(HostTier, OfNoBlocksHoldsNothing) {
  KvEventLog events(1, 10);
  HostTier tier(0, kWidth, events);
  tier.save(1, hash_of(1), tokens_of(1));
  EXPECT_TRUE(tier.find(hash_of(1)).empty());
  EXPECT_FALSE(events.commit());
}

struct PoolWithHost : ::testing::Test {
  KvEventLog events{1, 100};
  BlockPool pool{3, kWidth, events, 8};
  TokenVector tokens{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  PrefixChain chain = chain_tokens(chain_seed({.model = "m"}), tokens, kWidth);
  std::vector<BlockCopy> saves;
  std::vector<BlockCopy> loads;

  void compute_and_release() {
    std::vector<BlockId> table;
    for (std::size_t j = 0; j < 3; ++j) {
      table.push_back(pool.allocate());
      pool.index(table.back(), chain[j], TokenSpan(tokens).subspan(j * kWidth, kWidth));
    }
    pool.release(table);
  }
};

TEST_F(PoolWithHost, FindsEvictedBlocksAgain) {
  compute_and_release();
  std::vector<BlockId> others;
  for (int i = 0; i < 2; ++i) others.push_back(pool.allocate());  // The tail goes to the host.
  EXPECT_EQ(pool.indexed_count(), 1);
  EXPECT_EQ(pool.host_tier().indexed_count(), 2);
  EXPECT_EQ(pool.cached_blocks(chain, tokens, 3), 3);
  EXPECT_EQ(pool.free_among_cached(chain, 3), 3);  // One is free, two need a block.
}

TEST_F(PoolWithHost, NeverMatchesOtherTokensUnderAnEqualHash) {
  compute_and_release();
  for (int i = 0; i < 3; ++i) (void)pool.allocate();
  tokens[5] = 99;
  EXPECT_EQ(pool.cached_blocks(chain, tokens, 3), 1);
}

TEST_F(PoolWithHost, TakesAPrefixThatIsPartlyOnTheHostWithoutEvictingIt) {
  compute_and_release();
  std::vector<BlockId> others{pool.allocate(), pool.allocate()};
  pool.release(others);
  pool.take_copies(saves, loads);
  ASSERT_EQ(saves.size(), 2U);
  std::vector<BlockId> table;
  pool.take_cached(chain, 3, table);
  pool.take_copies(saves, loads);
  EXPECT_TRUE(saves.empty());  // Nothing had to go for the two that came.
  ASSERT_EQ(loads.size(), 2U);
  EXPECT_EQ(table.size(), 3U);
  EXPECT_EQ(loads[0].device, table[1]);
  EXPECT_EQ(loads[1].device, table[2]);
  EXPECT_EQ(pool.indexed_count(), 3);
  EXPECT_EQ(pool.host_tier().indexed_count(), 0);
}

TEST_F(PoolWithHost, ForgetsTheHostsPartTooWhenItIsCleared) {
  compute_and_release();
  (void)pool.allocate();
  pool.clear_cache();
  EXPECT_EQ(pool.cached_blocks(chain, tokens, 3), 0);
  EXPECT_EQ(pool.host_tier().indexed_count(), 0);
}

/// Random sequences over a pool with a host tier, with a memory on either side in which the copies
/// are really made: what a block holds must always be what the pool says that it holds.
class HostWalk {
 public:
  HostWalk(std::uint64_t seed, std::int32_t blocks, std::int32_t host_blocks)
      : random_(seed),
        pool_(blocks, kWidth, events_, host_blocks),
        device_(static_cast<std::size_t>(blocks)),
        host_(static_cast<std::size_t>(host_blocks)) {}

  void step() {
    const std::uint64_t choice = random_.below(8);
    if (choice < 4) {
      begin();
    } else if (choice < 7) {
      release_one();
    } else if (random_.below(300) == 0) {
      pool_.clear_cache();
    }
    copy();
    if (random_.below(4) == 0) commit();
  }

  void check() {
    commit();
    const auto on_device = pool_.indexed_hashes();
    const auto on_host = pool_.host_tier().indexed_hashes();
    const std::set<BlockHash> device(on_device.begin(), on_device.end());
    const std::set<BlockHash> host(on_host.begin(), on_host.end());
    ASSERT_EQ(told_[0], device);
    ASSERT_EQ(told_[1], host);
    std::set<BlockHash> both = device;
    both.insert(host.begin(), host.end());
    ASSERT_EQ(both.size(), device.size() + host.size());  // Never on both.
    ASSERT_EQ(told_without_medium_, both);
  }

  std::uint64_t loaded() const { return pool_.host_tier().loaded_blocks(); }

 private:
  void begin() {
    TokenVector tokens;
    const std::size_t length = kWidth * (1 + random_.below(5)) + 1;
    for (std::size_t i = 0; i < length; ++i) {
      tokens.push_back(static_cast<TokenId>(random_.below(i % kWidth == 0 ? 3 : 1)));
    }
    const PrefixChain chain = chain_tokens(chain_seed({.model = "m"}), tokens, kWidth);
    const auto full = static_cast<std::int32_t>(chain.size());
    const std::int32_t cached = pool_.cached_blocks(chain, tokens, full);
    if (pool_.free_count() < full - cached + pool_.free_among_cached(chain, cached)) return;
    std::vector<BlockId> table;
    pool_.take_cached(chain, cached, table);
    while (static_cast<std::int32_t>(table.size()) < full) table.push_back(pool_.allocate());
    copy();  // What a step does before it computes.
    for (std::size_t j = 0; j < chain.size(); ++j) {
      auto& content = device_[static_cast<std::size_t>(table[j])];
      if (j < static_cast<std::size_t>(cached)) {
        ASSERT_EQ(content, chain[j]) << "block " << table[j];
        continue;
      }
      content = chain[j];
      pool_.index(table[j], chain[j], TokenSpan(tokens).subspan(j * kWidth, kWidth));
    }
    held_.push_back(std::move(table));
  }

  void release_one() {
    if (held_.empty()) return;
    const std::size_t chosen = random_.below(held_.size());
    pool_.release(held_[chosen]);
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(chosen));
  }

  /// In the worst order that is allowed: the copies of each kind backwards.
  void copy() {
    std::vector<BlockCopy> saves;
    std::vector<BlockCopy> loads;
    pool_.take_copies(saves, loads);
    for (auto it = saves.rbegin(); it != saves.rend(); ++it) {
      host_[static_cast<std::size_t>(it->host)] = device_[static_cast<std::size_t>(it->device)];
    }
    for (auto it = loads.rbegin(); it != loads.rend(); ++it) {
      device_[static_cast<std::size_t>(it->device)] = host_[static_cast<std::size_t>(it->host)];
    }
  }

  void commit() {
    if (!events_.commit()) return;
    for (const KvEvent& event : events_.last().events) {
      if (event.type == KvEvent::Type::kCleared) {
        told_[0].clear();
        told_[1].clear();
        told_without_medium_.clear();
      }
      auto& told = told_[event.medium == KvMedium::kHost ? 1 : 0];
      for (const BlockHash& block : event.blocks) {
        if (event.type == KvEvent::Type::kStored) {
          ASSERT_TRUE(told.insert(block).second);
          told_without_medium_.insert(block);
        } else {
          ASSERT_EQ(told.erase(block), 1U);
          told_without_medium_.erase(block);
        }
      }
    }
  }

  Random random_;
  KvEventLog events_{9, 64};
  BlockPool pool_;
  std::vector<std::optional<BlockHash>> device_;
  std::vector<std::optional<BlockHash>> host_;
  std::vector<std::vector<BlockId>> held_;
  std::set<BlockHash> told_[2];
  std::set<BlockHash> told_without_medium_;
};

struct WalkSizes {
  std::int32_t blocks;
  std::int32_t host_blocks;
};

class HostTierProperties : public ::testing::TestWithParam<WalkSizes> {};

TEST_P(HostTierProperties, HoldOverRandomOperations) {
  const auto [blocks, host_blocks] = GetParam();
  HostWalk walk(static_cast<std::uint64_t>(blocks * 100 + host_blocks), blocks, host_blocks);
  for (int i = 0; i < 60'000; ++i) {
    walk.step();
    if (i % 64 == 0) walk.check();
    if (HasFatalFailure()) FAIL() << "operation " << i;
  }
  EXPECT_GT(walk.loaded(), 1'000U);
}

INSTANTIATE_TEST_SUITE_P(Sizes, HostTierProperties,
                         ::testing::Values(WalkSizes{6, 1}, WalkSizes{6, 3}, WalkSizes{10, 7},
                                           WalkSizes{24, 40}));

}  // namespace
}  // namespace ringmaster::engine
