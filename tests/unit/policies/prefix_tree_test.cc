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
