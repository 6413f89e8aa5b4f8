#include "tokens/block_hash.h"

#include <numeric>

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

TokenVector counting_tokens(std::size_t count) {
  TokenVector tokens(count);
  std::iota(tokens.begin(), tokens.end(), 0);
  return tokens;
}

TEST(BlockHash, HashesOnlyFullBlocks) {
  const auto tokens = counting_tokens(47);
  EXPECT_EQ(chain_tokens({}, tokens, 16).size(), 2U);
  EXPECT_EQ(chain_tokens({}, TokenSpan(tokens).first(15), 16).size(), 0U);
}

TEST(BlockHash, ChainIsRepeatedChainBlock) {
  const auto tokens = counting_tokens(48);
  const auto chain = chain_tokens({1, 2}, tokens, 16);
  BlockHash hash{1, 2};
  for (std::size_t block = 0; block < 3; ++block) {
    hash = chain_block(hash, TokenSpan(tokens).subspan(block * 16, 16));
    EXPECT_EQ(chain[block], hash);
  }
}

TEST(BlockHash, LaterBlocksDependOnEarlierOnes) {
  auto tokens = counting_tokens(64);
  const auto chain = chain_tokens({}, tokens, 16);
  tokens[20] = 999;
  const auto changed = chain_tokens({}, tokens, 16);
  EXPECT_EQ(chain[0], changed[0]);
  EXPECT_NE(chain[1], changed[1]);
  EXPECT_NE(chain[2], changed[2]);
  EXPECT_NE(chain[3], changed[3]);
}

TEST(BlockHash, SaltsOfDifferentFieldsDiffer) {
  const BlockHash seed = chain_seed({.model = "m"});
  EXPECT_NE(seed, chain_seed({.model = "m", .adapter = "a"}));
  EXPECT_NE(seed, chain_seed({.model = "m", .tenant = "a"}));
  EXPECT_NE(chain_seed({.model = "m", .adapter = "a"}), chain_seed({.model = "m", .tenant = "a"}));
  EXPECT_NE(chain_seed({.model = "ab"}), chain_seed({.model = "a", .adapter = "b"}));
}

TEST(BlockHash, BlocksAboveOneKibibyteHashAsOneInput) {
  const auto tokens = counting_tokens(1024);
  const auto whole = chain_block({3, 4}, tokens);
  EXPECT_EQ(chain_tokens({3, 4}, tokens, 1024).front(), whole);
  EXPECT_NE(whole, chain_block({3, 5}, tokens));
}

TEST(BlockHash, TokensHashAsTheirLittleEndianBytes) {
  const TokenVector tokens{0x64636261, 0x68676665};
  EXPECT_EQ(chain_tokens({}, tokens, 2), chain_bytes({}, "abcdefgh", 8));
}

// Engines and gateways of different releases must agree, so the values are pinned: XXH3-128 of
// 16 zero bytes and the numbers 0..15 as 32-bit little-endian integers (checked with xxhsum -H2).
TEST(BlockHash, ValueOfTheFirstSixteenNumbersIsPinned) {
  const auto hash = chain_tokens({}, counting_tokens(16), 16).front();
  EXPECT_EQ(hash.high, 0x16d310809c3605d6ULL);
  EXPECT_EQ(hash.low, 0x0b49a1755bdbc8b2ULL);
}

}  // namespace
}  // namespace ringmaster
