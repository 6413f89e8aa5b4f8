#include "engine/block_pool.h"

#include <algorithm>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ringmaster::engine {
namespace {

constexpr std::int32_t kWidth = 4;  // Tokens of a block.

PrefixChain chain_of(const TokenVector& tokens, std::string_view salt = "") {
  return chain_tokens(chain_seed({.model = "m", .tenant = salt}), tokens, kWidth);
}

TokenVector counting_tokens(std::int32_t count, TokenId first = 0) {
  TokenVector tokens;
  for (std::int32_t i = 0; i < count; ++i) tokens.push_back(first + i);
  return tokens;
}

// Computes a prompt as a sequence would: takes what is cached, allocates and indexes the rest.
std::vector<BlockId> compute(BlockPool& pool, const TokenVector& tokens,
                             std::string_view salt = "") {
  const PrefixChain chain = chain_of(tokens, salt);
  const auto full = static_cast<std::int32_t>(chain.size());
  const std::int32_t cached = pool.cached_blocks(chain, tokens, full);
  std::vector<BlockId> table;
  pool.take_cached(chain, cached, table);
  for (std::int32_t j = cached; j < full; ++j) {
    table.push_back(pool.allocate());
    const auto i = static_cast<std::size_t>(j);
    pool.index(table.back(), chain[i], TokenSpan(tokens).subspan(i * kWidth, kWidth));
  }
  return table;
}

struct BlockPoolTest : ::testing::Test {
  KvEventLog events{1, 100};
  BlockPool pool{8, kWidth, events};

  std::int32_t cached(const TokenVector& tokens, std::string_view salt = "") const {
    const PrefixChain chain = chain_of(tokens, salt);
    return pool.cached_blocks(chain, tokens, static_cast<std::int32_t>(chain.size()));
  }
};

TEST_F(BlockPoolTest, FindsTheLongestPrefixThatWasComputed) {
  const auto table = compute(pool, counting_tokens(12));
  pool.release(table);
  EXPECT_EQ(cached(counting_tokens(12)), 3);
  TokenVector differs_in_second_block = counting_tokens(12);
  differs_in_second_block[5] = 99;
  EXPECT_EQ(cached(differs_in_second_block), 1);
}

TEST_F(BlockPoolTest, SharesHeldBlocksAndFreesThemWithTheLastReader) {
  const auto first = compute(pool, counting_tokens(8));
  const auto second = compute(pool, counting_tokens(8));
  EXPECT_EQ(first, second);
  EXPECT_EQ(pool.free_count(), 6);
  pool.release(first);
  EXPECT_EQ(pool.free_count(), 6);
  pool.release(second);
  EXPECT_EQ(pool.free_count(), 8);
}

TEST_F(BlockPoolTest, EvictsTheTailOfAPrefixBeforeItsHead) {
  pool.release(compute(pool, counting_tokens(12)));
  for (int i = 0; i < 6; ++i) (void)pool.allocate();  // Five were never used, one is the tail.
  EXPECT_EQ(cached(counting_tokens(12)), 2);
}

TEST_F(BlockPoolTest, EvictsTheLeastRecentlyFreedPrefixFirst) {
  pool.release(compute(pool, counting_tokens(16, 0)));
  pool.release(compute(pool, counting_tokens(16, 100)));
  pool.release(compute(pool, counting_tokens(16, 0)));  // Used again.
  for (int i = 0; i < 4; ++i) (void)pool.allocate();
  EXPECT_EQ(cached(counting_tokens(16, 0)), 4);
  EXPECT_EQ(cached(counting_tokens(16, 100)), 0);
}

TEST_F(BlockPoolTest, ReusesBlocksWithoutCachedContentFirst) {
  pool.release(compute(pool, counting_tokens(28)));
  const BlockId partial = pool.allocate();  // The eighth block: never indexed.
  pool.release(std::vector{partial});
  EXPECT_EQ(pool.allocate(), partial);
  EXPECT_EQ(cached(counting_tokens(28)), 7);
}

TEST_F(BlockPoolTest, KeepsPrefixesOfDifferentSaltsApart) {
  pool.release(compute(pool, counting_tokens(8), "alice"));
  EXPECT_EQ(cached(counting_tokens(8), "alice"), 2);
  EXPECT_EQ(cached(counting_tokens(8), "bob"), 0);
  EXPECT_EQ(cached(counting_tokens(8)), 0);
}

TEST_F(BlockPoolTest, NeverMatchesABlockWhoseTokensDifferUnderAnEqualHash) {
  const BlockId block = pool.allocate();
  const BlockHash forged{.low = 7, .high = 7};
  pool.index(block, forged, counting_tokens(4, 0));
  const PrefixChain chain{forged};
  EXPECT_EQ(pool.cached_blocks(chain, counting_tokens(4, 0), 1), 1);
  EXPECT_EQ(pool.cached_blocks(chain, counting_tokens(4, 50), 1), 0);
}

TEST_F(BlockPoolTest, IndexesOnlyTheFirstOfTwoBlocksWithEqualContent) {
  const TokenVector tokens = counting_tokens(4);
  const PrefixChain chain = chain_of(tokens);
  const BlockId first = pool.allocate();
  const BlockId duplicate = pool.allocate();
  pool.index(first, chain[0], tokens);
  pool.index(duplicate, chain[0], tokens);
  EXPECT_TRUE(pool.is_indexed(first));
  EXPECT_FALSE(pool.is_indexed(duplicate));
  pool.release(std::vector{first});
  pool.release(std::vector{duplicate});
  EXPECT_EQ(pool.allocate(), duplicate);
}

TEST_F(BlockPoolTest, ForgetsEverythingWhenCleared) {
  const auto held = compute(pool, counting_tokens(8));
  pool.clear_cache();
  EXPECT_EQ(cached(counting_tokens(8)), 0);
  EXPECT_EQ(pool.indexed_count(), 0);
  EXPECT_EQ(pool.free_count(), 6);
  pool.release(held);
  EXPECT_EQ(pool.free_count(), 8);
}

// The obvious model: a list, a map, linear searches.
struct NaivePool {
  struct Block {
    int references = 0;
    std::optional<BlockHash> hash;
    TokenVector tokens;
  };
  std::vector<Block> blocks;
  std::list<BlockId> free;
  std::map<BlockHash, BlockId> index;

  explicit NaivePool(std::int32_t count) : blocks(static_cast<std::size_t>(count)) {
    for (BlockId block = 0; block < count; ++block) free.push_back(block);
  }
  Block& at(BlockId block) { return blocks[static_cast<std::size_t>(block)]; }

  std::int32_t cached(const PrefixChain& chain) {
    std::int32_t count = 0;
    for (const BlockHash& hash : chain) {
      if (!index.contains(hash)) break;
      ++count;
    }
    return count;
  }
  BlockId take(const BlockHash& hash) {
    const BlockId block = index.at(hash);
    if (at(block).references++ == 0) free.remove(block);
    return block;
  }
  BlockId allocate() {
    const BlockId block = free.front();
    free.pop_front();
    if (at(block).hash) index.erase(*at(block).hash);
    at(block) = {.references = 1};
    return block;
  }
  void store(BlockId block, const BlockHash& hash, TokenVector tokens) {
    if (!index.emplace(hash, block).second) return;
    at(block).hash = hash;
    at(block).tokens = std::move(tokens);
  }
  void release(std::vector<BlockId> table) {
    for (; !table.empty(); table.pop_back()) {
      const BlockId block = table.back();
      if (--at(block).references > 0) continue;
      if (at(block).hash) {
        free.push_back(block);
      } else {
        free.push_front(block);
      }
    }
  }
  void clear() {
    index.clear();
    for (Block& block : blocks) block.hash.reset();
  }
};

struct HeldSequence {
  TokenVector tokens;
  PrefixChain chain;
  std::vector<BlockId> table;
  std::size_t settled = 0;
};

// Random sequences over few tokens and salts, so that prefixes are shared, diverge and collide.
class PoolWalk {
 public:
  PoolWalk(std::uint64_t seed, std::int32_t blocks)
      : random_(seed), events_(9, 64), pool_(blocks, kWidth, events_), naive_(blocks) {}

  void step() {
    switch (random_.below(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
        begin();
        break;
      case 4:
      case 5:
      case 6:
      case 7:
      case 8:
        settle_one();
        break;
      case 9:
      case 10:
      case 11:
        release_one();
        break;
      case 12:
      case 13:
        release_one();
        begin();
        break;
      case 14:
        commit();
        break;
      default:
        if (random_.below(200) == 0) clear();
    }
  }

  void check() {
    ASSERT_EQ(pool_.free_count(), static_cast<std::int32_t>(naive_.free.size()));
    ASSERT_EQ(pool_.indexed_count(), static_cast<std::int32_t>(naive_.index.size()));
    std::int64_t references = 0;
    for (BlockId block = 0; block < pool_.block_count(); ++block) {
      ASSERT_EQ(pool_.references(block), naive_.at(block).references);
      ASSERT_EQ(pool_.is_indexed(block), naive_.at(block).hash.has_value());
      references += pool_.references(block);
    }
    std::int64_t table_entries = 0;
    for (const HeldSequence& sequence : held_) {
      table_entries += static_cast<std::int64_t>(sequence.table.size());
    }
    ASSERT_EQ(references, table_entries);
  }

  void check_shadow() {
    commit();
    const auto hashes = pool_.indexed_hashes();
    ASSERT_EQ(shadow_, std::set(hashes.begin(), hashes.end()));
  }

  void drain() {
    while (!held_.empty()) release_one();
    ASSERT_EQ(pool_.free_count(), pool_.block_count());
  }

 private:
  void begin() {
    HeldSequence sequence;
    const std::size_t length = 1 + random_.below(6 * kWidth);
    for (std::size_t i = 0; i < length; ++i) {
      sequence.tokens.push_back(static_cast<TokenId>(random_.below(i % kWidth == 0 ? 3 : 1)));
    }
    sequence.chain = chain_of(sequence.tokens, random_.below(2) == 0 ? "a" : "b");
    const std::size_t blocks = (length + kWidth - 1) / kWidth;
    const auto blocks_max = static_cast<std::int32_t>((length - 1) / kWidth);
    const std::int32_t cached = pool_.cached_blocks(sequence.chain, sequence.tokens, blocks_max);
    ASSERT_EQ(cached, std::min(naive_.cached(sequence.chain), blocks_max));
    const std::int32_t needed = static_cast<std::int32_t>(blocks) - cached +
                                pool_.free_among_cached(sequence.chain, cached);
    if (pool_.free_count() < needed) return;
    pool_.take_cached(sequence.chain, cached, sequence.table);
    for (std::size_t j = 0; j < sequence.table.size(); ++j) {
      ASSERT_EQ(sequence.table[j], naive_.take(sequence.chain[j]));
    }
    sequence.settled = sequence.table.size();
    while (sequence.table.size() < blocks) {
      sequence.table.push_back(pool_.allocate());
      ASSERT_EQ(sequence.table.back(), naive_.allocate());  // The naive LRU's choice.
    }
    held_.push_back(std::move(sequence));
  }

  void settle_one() {
    if (held_.empty()) return;
    HeldSequence& sequence = held_[random_.below(held_.size())];
    if (sequence.settled >= sequence.chain.size()) return;
    const std::size_t j = sequence.settled++;
    const auto tokens = TokenSpan(sequence.tokens).subspan(j * kWidth, kWidth);
    pool_.index(sequence.table[j], sequence.chain[j], tokens);
    naive_.store(sequence.table[j], sequence.chain[j], {tokens.begin(), tokens.end()});
  }

  void release_one() {
    if (held_.empty()) return;
    const std::size_t chosen = random_.below(held_.size());
    pool_.release(held_[chosen].table);
    naive_.release(held_[chosen].table);
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(chosen));
  }

  void clear() {
    pool_.clear_cache();
    naive_.clear();
  }

  void commit() {
    if (!events_.commit()) return;
    for (const KvEvent& event : events_.last().events) {
      if (event.type == KvEvent::Type::kCleared) shadow_.clear();
      for (const BlockHash& block : event.blocks) {
        if (event.type == KvEvent::Type::kStored) {
          ASSERT_TRUE(shadow_.insert(block).second);
        } else {
          ASSERT_EQ(shadow_.erase(block), 1U);
        }
      }
    }
  }

  Random random_;
  KvEventLog events_;
  BlockPool pool_;
  NaivePool naive_;
  std::vector<HeldSequence> held_;
  std::set<BlockHash> shadow_;
};

class BlockPoolProperties : public ::testing::TestWithParam<std::int32_t> {};

TEST_P(BlockPoolProperties, EqualsANaiveModelOverRandomOperations) {
  PoolWalk walk(static_cast<std::uint64_t>(GetParam()), GetParam());
  for (int i = 0; i < 120'000; ++i) {
    walk.step();
    if (i % 16 == 0) walk.check();
    if (i % 256 == 0) walk.check_shadow();
    if (HasFatalFailure()) FAIL() << "seed " << GetParam() << ", operation " << i;
  }
  walk.drain();
  walk.check();
}

INSTANTIATE_TEST_SUITE_P(Sizes, BlockPoolProperties, ::testing::Values(1, 2, 7, 24, 100));

}  // namespace
}  // namespace ringmaster::engine
