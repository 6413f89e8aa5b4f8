#include "policies/prefix_tree.h"

#include <initializer_list>

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

PrefixChain chain(std::initializer_list<std::uint64_t> ids) {
  PrefixChain hashes;
  for (const std::uint64_t id : ids) hashes.push_back({.low = id, .high = 1});
  return hashes;
}

TEST(PrefixTree, KnowsTheBlocksOfWhatWasInserted) {
  PrefixTree tree;
  tree.insert(chain({1, 2, 3}));
  EXPECT_EQ(tree.known_blocks(chain({1, 2, 3, 4})), 3U);
  EXPECT_EQ(tree.known_blocks(chain({1, 2, 9})), 2U);
  EXPECT_EQ(tree.known_blocks(chain({9, 8, 7})), 0U);
}

TEST(PrefixTree, TellsBlocksApartThatShareHalfTheirHash) {
  PrefixTree tree;
  tree.insert(chain({1}));
  EXPECT_EQ(tree.known_blocks(PrefixChain{{.low = 1, .high = 2}}), 0U);
}

TEST(PrefixTree, SplitsAnEdgeWhereAPromptLeavesIt) {
  PrefixTree tree;
  const auto first = tree.insert(chain({1, 2, 3}));
  const auto second = tree.insert(chain({1, 2, 4}));
  const auto [lower, upper] = tree.last_split();
  EXPECT_EQ(lower, first);
  EXPECT_EQ(tree[first].blocks, chain({3}));
  EXPECT_EQ(tree[upper].blocks, chain({1, 2}));
  EXPECT_EQ(tree[second].blocks, chain({4}));
  EXPECT_EQ(tree[second].parent, upper);
}

TEST(PrefixTree, EndsASplitPromptAtTheUpperPart) {
  PrefixTree tree;
  tree.insert(chain({1, 2, 3}));
  const auto shorter = tree.insert(chain({1, 2}));
  EXPECT_EQ(shorter, tree.last_split().upper);
}

TEST(PrefixTree, ForgetsAPromptThatNobodyHolds) {
  PrefixTree tree;
  const auto kept = tree.insert(chain({1, 2, 3}));
  tree.retain(kept);
  const auto gone = tree.insert(chain({1, 2, 4, 5}));
  tree.retain(gone);
  tree.release(gone);
  EXPECT_EQ(tree.known_blocks(chain({1, 2, 4})), 2U);
  EXPECT_EQ(tree.blocks(), 3U);
}

// A trace that is not made of chains must not break the tree.
TEST(PrefixTree, ForgetsAPromptInWhichABlockComesTwice) {
  PrefixTree tree;
  const auto leaf = tree.insert(chain({1, 2, 1}));
  tree.retain(leaf);
  tree.release(leaf);
  EXPECT_EQ(tree.blocks(), 0U);
}

}  // namespace
}  // namespace ringmaster
