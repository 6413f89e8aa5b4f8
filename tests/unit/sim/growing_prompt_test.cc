#include "sim/growing_prompt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

using testing::SizeIs;

std::vector<std::uint64_t> ids_of(const GrowingPrompt& prompt) {
  std::vector<std::uint64_t> ids;
  prompt.write_ids(ids);
  return ids;
}

TEST(GrowingPrompt, HasOneIdPerBlockAndOneForTheRest) {
  GrowingPrompt prompt;
  EXPECT_THAT(ids_of(prompt), SizeIs(0));
  prompt.append(1, 1024);
  EXPECT_THAT(ids_of(prompt), SizeIs(2));
  prompt.append(2, 1);
  EXPECT_THAT(ids_of(prompt), SizeIs(3));
}

TEST(GrowingPrompt, KeepsItsFullBlocksWhenItGrows) {
  GrowingPrompt prompt;
  prompt.append(1, 1300);
  const auto before = ids_of(prompt);
  prompt.append(2, 600);
  const auto after = ids_of(prompt);
  EXPECT_EQ(after[0], before[0]);
  EXPECT_EQ(after[1], before[1]);
  EXPECT_NE(after[2], before[2]);  // It held 276 tokens and now 512.
}

TEST(GrowingPrompt, SharesTheBlocksOfAnEqualBeginning) {
  GrowingPrompt one;
  one.append(1, 1024);
  GrowingPrompt other = one;
  one.append(2, 1024);
  other.append(3, 1024);
  EXPECT_EQ(ids_of(one)[1], ids_of(other)[1]);
  EXPECT_NE(ids_of(one)[2], ids_of(other)[2]);
}

TEST(GrowingPrompt, SharesNothingWithEqualContentsAtOtherPlaces) {
  GrowingPrompt one;
  one.append(1, 512);
  one.append(2, 512);
  GrowingPrompt other;
  other.append(2, 512);
  other.append(1, 512);
  EXPECT_NE(ids_of(one)[0], ids_of(other)[1]);
  EXPECT_NE(ids_of(one)[1], ids_of(other)[0]);
}

}  // namespace
}  // namespace ringmaster::sim
