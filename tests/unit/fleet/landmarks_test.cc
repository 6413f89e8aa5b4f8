#include "fleet/landmarks.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

TEST(Landmarks, AreApartBy512Tokens) {
  EXPECT_EQ(landmark_blocks(16), 32U);
  EXPECT_EQ(landmark_blocks(100), 5U);
  EXPECT_EQ(landmark_blocks(512), 1U);
}

TEST(Landmarks, AreAtEachBlockThatIsLonger) {
  EXPECT_EQ(landmark_blocks(1024), 1U);
}

TEST(Landmarks, AreTheStepsOfKeysBehindTheFirst) {
  EXPECT_EQ(blocks_of_steps(1, 32), 1U);
  EXPECT_EQ(blocks_of_steps(32, 32), 32U);
  EXPECT_EQ(blocks_of_steps(33, 32), 64U);
  EXPECT_EQ(blocks_of_steps(34, 32), 96U);
}

TEST(Landmarks, GiveAChainTheStepsThatLieWithinIt) {
  EXPECT_EQ(steps_of_blocks(0, 32), 0U);
  EXPECT_EQ(steps_of_blocks(31, 32), 31U);
  EXPECT_EQ(steps_of_blocks(63, 32), 32U);
  EXPECT_EQ(steps_of_blocks(64, 32), 33U);
}

TEST(Landmarks, LetKeysGrowByABlockWhereBlocksAreAsLong) {
  for (std::size_t blocks = 0; blocks < 100; ++blocks) {
    EXPECT_EQ(steps_of_blocks(blocks, 1), blocks);
    EXPECT_EQ(blocks_of_steps(blocks, 1), blocks);
  }
}

}  // namespace
}  // namespace ringmaster
