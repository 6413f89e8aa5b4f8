#include "policies/continued_prompts.h"

#include <string>

#include "policy_fixture.h"

namespace ringmaster {
namespace {

/// Blocks of 512 tokens: each full one ends at a landmark.
class ContinuedPromptsTest : public PolicyFixture {
 protected:
  ContinuedPromptsTest() { request_.block_tokens = 512; }

  /// A prompt that begins with the first `shared` blocks of conversation `which` and goes on with
  /// blocks of nobody else's, `blocks` in all.
  void prompt(std::uint64_t which, std::uint64_t shared, std::uint64_t blocks) {
    request_.chain.clear();
    for (std::uint64_t i = 0; i < blocks; ++i) {
      request_.chain.push_back({.low = i < shared ? which * 1000 + i + 1 : ++own_});
    }
  }

  [[nodiscard]] ContinuedPrompts::Followed find() { return prompts_.find(query({}), fleet_); }

  void answer_at(std::uint32_t slot) { prompts_.note(query({}), fleet_, find(), {slot}); }

  std::uint64_t own_ = 1'000'000;
  ContinuedPrompts prompts_{100, std::chrono::hours(1)};
};

TEST_F(ContinuedPromptsTest, FindWhereTheLongestPromptWentThatTheNextOneContains) {
  prompt(1, 9, 3);
  answer_at(0);
  prompt(1, 9, 5);
  answer_at(3);
  prompt(1, 9, 9);
  EXPECT_EQ(find().home->value, 3U);
  EXPECT_EQ(find().landmark, 1005U);
}

TEST_F(ContinuedPromptsTest, FindNothingForAPromptThatSharesABeginningOnly) {
  prompt(1, 3, 5);
  answer_at(0);
  prompt(1, 3, 7);
  EXPECT_EQ(find().landmark, 0U);
  EXPECT_FALSE(find().home);
}

TEST_F(ContinuedPromptsTest, FindNothingForThePromptBeforeTheLast) {
  prompt(1, 9, 5);
  answer_at(0);
  prompt(1, 9, 3);
  EXPECT_FALSE(find().home);
}

TEST_F(ContinuedPromptsTest, FollowWhereAConversationMoved) {
  prompt(1, 9, 3);
  answer_at(0);
  prompt(1, 9, 4);
  answer_at(2);
  prompt(1, 9, 5);
  EXPECT_EQ(find().home->value, 2U);
}

TEST_F(ContinuedPromptsTest, CountAPromptAsSharedOnceFourHaveFollowedIt) {
  prompt(1, 3, 3);
  answer_at(0);
  for (int i = 0; i < 4; ++i) {
    prompt(1, 3, 5);
    EXPECT_EQ(find().home->value, 0U) << i;
    answer_at(1);
  }
  prompt(1, 3, 5);
  EXPECT_EQ(find().landmark, 1003U);
  EXPECT_FALSE(find().home);
}

TEST_F(ContinuedPromptsTest, CountAPromptAsSharedThatComesAgainAndAgain) {
  prompt(1, 3, 3);
  for (int i = 0; i < 5; ++i) answer_at(0);
  EXPECT_FALSE(find().home);
}

TEST_F(ContinuedPromptsTest, KnowNothingOfPromptsShorterThanALandmark) {
  prompt(1, 0, 0);
  answer_at(0);
  EXPECT_EQ(find().landmark, 0U);
}

TEST_F(ContinuedPromptsTest, LeaveOutWhatTheTemplateTakesAwayAgain) {
  request_.block_tokens = 16;
  prompt(1, 40, 40);  // One landmark, at 32 blocks.
  answer_at(3);
  prompt(1, 39, 60);
  EXPECT_EQ(find().home->value, 3U);
}

TEST_F(ContinuedPromptsTest, TakeEachBlockAsALandmarkWhereBlocksAreLonger) {
  request_.block_tokens = 1000;
  prompt(1, 9, 3);
  answer_at(3);
  prompt(1, 9, 4);
  EXPECT_EQ(find().home->value, 3U);
}

TEST_F(ContinuedPromptsTest, LookNoFurtherBackThanTheLimit) {
  prompt(1, 200, 10);
  answer_at(0);
  prompt(1, 200, 73);
  EXPECT_EQ(find().home->value, 0U);
  prompt(1, 200, 74);
  EXPECT_FALSE(find().home);
}

TEST_F(ContinuedPromptsTest, ForgetAfterTheIdleTime) {
  prompt(1, 9, 3);
  answer_at(0);
  now_ += std::chrono::hours(1);
  EXPECT_TRUE(find().home);
  now_ += std::chrono::seconds(1);
  EXPECT_FALSE(find().home);
}

TEST_F(ContinuedPromptsTest, ForgetThePromptThatWasUsedLeastRecentlyWhenFull) {
  prompts_ = ContinuedPrompts(2, std::chrono::hours(1));
  for (const std::uint64_t which : {1, 2, 3}) {
    prompt(which, 9, 3);
    answer_at(0);
  }
  prompt(1, 9, 4);
  EXPECT_FALSE(find().home);
  prompt(2, 9, 4);
  EXPECT_TRUE(find().home);
}

TEST_F(ContinuedPromptsTest, FindNoInstanceThatIsGone) {
  prompt(1, 9, 3);
  answer_at(3);
  fleet_.remove({3});
  prompt(1, 9, 4);
  EXPECT_FALSE(find().home);
  fleet_.add({3}, {.name = "another"}, ResidencySource::kEvents);
  EXPECT_FALSE(find().home);
}

}  // namespace
}  // namespace ringmaster
