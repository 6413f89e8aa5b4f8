#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "policies/prefix_tree.h"
#include "tests/unit/policies/learning_fixture.h"

namespace ringmaster {
namespace {

class PrebleTest : public LearningFixture {
 protected:
  PrebleTest() {
    make("preble");
    prompt(10, 10, 0);
  }
};

TEST_F(PrebleTest, ExploresWithAPromptOfItsOwnAndExploitsASharedOne) {
  const RoutingDecision first = choose();
  EXPECT_EQ(first.reason, "explore_cheapest");
  prompt(10, 15, 1);
  const RoutingDecision second = choose();
  EXPECT_EQ(second.reason, "exploit_shared");
  EXPECT_EQ(second.instance, first.instance);
}

TEST_F(PrebleTest, ExploresWhereHalfOrLessIsShared) {
  choose();
  prompt(10, 20, 1);
  EXPECT_EQ(choose().reason, "explore_cheapest");
}

TEST_F(PrebleTest, SpreadsNewPromptsByWhatTheWindowHasCost) {
  std::vector<int> count(kInstances);
  for (std::uint64_t own = 1; own <= 40; ++own) {
    prompt(0, 10, own);
    ++count[chosen()];
  }
  for (const int times : count) EXPECT_EQ(times, 10);
}

TEST_F(PrebleTest, ForgetsWhatIsOlderThanTheWindow) {
  choose();
  wait(181.0);
  prompt(10, 15, 1);
  EXPECT_EQ(choose().reason, "explore_cheapest");
}

TEST_F(PrebleTest, CountsItsOwnPrefillAndDecodingAgainstAnInstance) {
  cache(3, 9);
  EXPECT_EQ(chosen(), 3U);
  make("preble");
  serve(request_, 0, 1.0, 100);
  request_.id = {77};
  tell().dispatched(seen(request_, 0, 0.0));
  static_cast<void>(choose());
  tell().first_token(seen(request_, 0, 1.0));
  ObservedRequest end = seen(request_, 0, 10.9);
  end.output_tokens = 100;  // 0.1 s a token.
  tell().ended(end);
  prompt(0, 10, 5);
  load(1).begin_decode(1);
  RoutingDecision decision = choose();
  double idle = 0.0;
  double decoding = 0.0;
  for (const ScoredCandidate& candidate : decision.scored()) {
    if (candidate.instance.value == 1) decoding = candidate.score;
    if (candidate.instance.value == 2) idle = candidate.score;
  }
  EXPECT_NEAR(decoding - idle, 10.0, 1e-6);
}

TEST_F(PrebleTest, TakesOnlyInstancesThatAreThere) {
  const std::uint32_t owner = chosen();
  tell().instance_left({owner});
  fleet_.remove({owner});
  prompt(10, 15, 1);
  const RoutingDecision decision = choose();
  EXPECT_EQ(decision.reason, "explore_cheapest");
  EXPECT_NE(decision.instance.value, owner);
}

TEST_F(PrebleTest, GivesNodesOfTheDearestInstanceToTheCheapest) {
  for (const bool rebalances : {true, false}) {
    make(rebalances ? "preble" : "preble:rebalance=off");
    for (const std::uint32_t slot : {0U, 1U, 2U}) fleet_.set_draining({slot}, true);
    std::set<std::uint32_t> used;
    for (std::uint64_t i = 0; i < 400; ++i) {
      // Two prompts that one instance has had to itself; then the others come back.
      if (i == 100) {
        for (const std::uint32_t slot : {0U, 1U, 2U}) fleet_.set_draining({slot}, false);
      }
      prompt(0, 10, 1 + i % 2);
      used.insert(chosen());
      wait(0.1);
    }
    EXPECT_EQ(used.size() > 1, rebalances);
  }
}

TEST_F(PrebleTest, SharesASinglePromptThatHasBecomeMuchSlower) {
  for (const double later_ttft : {1.5, 3.0}) {
    make("preble");
    std::set<std::uint32_t> used;
    for (std::uint64_t i = 0; i < 400; ++i) {
      prompt(10, 10, 0);
      const std::uint32_t slot = chosen();
      used.insert(slot);
      serve(request_, slot, i < 100 ? 1.0 : later_ttft);
      wait(0.1);
    }
    EXPECT_EQ(used.size() > 1, later_ttft == 3.0) << later_ttft;
  }
}

TEST(PrefixTree, SplitsAnEdgeWhereAPromptLeavesIt) {
  const auto chain = [](std::initializer_list<std::uint64_t> blocks) {
    PrefixChain made;
    for (const std::uint64_t block : blocks) made.push_back({.low = block});
    return made;
  };
  PrefixTree tree;
  const auto first = tree.insert(chain({1, 2, 3, 4}));
  EXPECT_EQ(tree[first].own_blocks(), 4U);
  EXPECT_TRUE(tree[first].is_large());
  const auto second = tree.insert(chain({1, 2, 5}));
  EXPECT_EQ(tree.last_split().lower, first);
  EXPECT_EQ(tree[first].own_blocks(), 2U);
  EXPECT_EQ(tree[first].parent, tree.last_split().upper);
  EXPECT_EQ(tree[second].parent, tree.last_split().upper);
  EXPECT_FALSE(tree[second].is_large());
  EXPECT_EQ(tree.known_blocks(chain({1, 2, 3, 9})), 3U);
}

TEST(PrefixTree, RemovesWhatNobodyHoldsUpToTheRoot) {
  PrefixTree tree;
  const PrefixChain shorter{{.low = 1}, {.low = 2}};
  const PrefixChain longer{{.low = 1}, {.low = 2}, {.low = 3}};
  const auto lower = tree.insert(shorter);
  tree.retain(lower);
  const auto leaf = tree.insert(longer);
  tree.retain(leaf);
  tree.release(lower);
  EXPECT_EQ(tree.known_blocks(longer), 3U);  // The longer one still needs it.
  tree.release(leaf);
  EXPECT_EQ(tree.known_blocks(longer), 0U);
}

TEST(PrefixTree, EndsANodeWhereAShorterPromptEnds) {
  PrefixTree tree;
  const PrefixChain longer{{.low = 1}, {.low = 2}, {.low = 3}};
  tree.insert(longer);
  const auto shorter = tree.insert(std::span(longer).first(1));
  EXPECT_EQ(tree[shorter].depth_blocks, 1U);
  EXPECT_EQ(tree.insert({}), PrefixTree::kRoot);
}

}  // namespace
}  // namespace ringmaster
