#include "engine/server/output_text.h"

#include <gtest/gtest.h>

#include "engine/server/answer.h"
#include "engine/tiny_tokenizer.h"

namespace ringmaster::engine {
namespace {

// One token for each byte.
const Tokenizer& byte_tokenizer() {
  static const auto tokenizer =
      Tokenizer::from_json(
          tokenizer_json(train_tiny_tokenizer(TokenizerStyle::kLlama3, 256 + kTinySpecialTokens)),
          "tokenizer.json")
          .value();
  return *tokenizer;
}

TokenId byte_token(char byte) {
  return *byte_tokenizer().token_id(std::string_view(&byte, 1));
}

// What push() returns for each byte of `bytes`, then what finish() does, separated by '|'.
std::string pieces(std::vector<std::string> stop, std::string_view bytes) {
  OutputText text(byte_tokenizer(), std::move(stop));
  std::string out;
  for (const char byte : bytes) {
    if (text.is_stopped()) return out + "stopped";
    out += text.push(byte_token(byte)) + "|";
  }
  return text.is_stopped() ? out + "stopped" : out + text.finish();
}

TEST(OutputText, PassesTextThroughWithoutStopStrings) {
  EXPECT_EQ(pieces({}, "abc"), "a|b|c|");
}

TEST(OutputText, EmitsWholeCodePointsOnly) {
  EXPECT_EQ(pieces({}, "a\xc3\xa9"), "a||\xc3\xa9|");
}

TEST(OutputText, CutsBeforeTheStopString) {
  EXPECT_EQ(pieces({"END"}, "abENDx"), "a|b||||stopped");
}

TEST(OutputText, CutsBeforeAStopStringWhoseCodePointsComeInPieces) {
  EXPECT_EQ(pieces({"\xc3\xa9!"}, "a\xc3\xa9\xc3\xa9!"), "a||||\xc3\xa9||stopped");
}

TEST(OutputText, ReleasesHeldTextThatTurnsOutOtherwise) {
  EXPECT_EQ(pieces({"END"}, "aENx"), "a|||ENx|");
}

TEST(OutputText, ReleasesHeldTextAtTheEnd) {
  EXPECT_EQ(pieces({"END"}, "aEN"), "a|||EN");
}

TEST(OutputText, HoldsBackTheLongestTailThatMayBecomeAStop) {
  EXPECT_EQ(pieces({"aab"}, "aaab"), "||a||stopped");
}

TEST(OutputText, StopsAtTheEarliestOfSeveralStops) {
  EXPECT_EQ(pieces({"zzz", "b"}, "abzzz"), "a||stopped");
}

TEST(OutputText, StopsWhereTheEarliestBeginsThoughAnotherIsCompleteFirst) {
  EXPECT_EQ(pieces({"bc", "abcd"}, "xabcd"), "x|||||stopped");
}

TEST(OutputText, FallsBackToTheCompleteOneWhenTheEarlierCannotBeAnyMore) {
  EXPECT_EQ(pieces({"bc", "abcd"}, "xabcx"), "x||||a|stopped");
}

TEST(OutputText, FallsBackToTheCompleteOneAtTheEnd) {
  EXPECT_EQ(pieces({"bc", "abcd"}, "xabc"), "x||||a");
}

TEST(OutputText, DoesNotWaitForALongerStopAtTheSamePlace) {
  EXPECT_EQ(pieces({"ab", "abc"}, "xabc"), "x|||stopped");
}

TEST(Answer, CountsAnEndTokenButShowsNoText) {
  Answer answer(byte_tokenizer(), {}, true, 3);
  AnswerDelta delta;
  answer.add({.token = {.token = byte_token('x')}}, delta);
  answer.add({.token = {.token = 256}, .finish = FinishReason::kStop}, delta);
  EXPECT_EQ(delta.text, "x");
  EXPECT_EQ(delta.tokens.size(), 1U);
  EXPECT_EQ(delta.finish, FinishReason::kStop);
  EXPECT_EQ(answer.usage().output_tokens, 2);
}

TEST(Answer, CountsOffsetsInWholeCodePointsOfTheText) {
  Answer answer(byte_tokenizer(), {"zz"}, true, 3);
  AnswerDelta delta;
  for (const char byte : std::string_view("\xc3\xa9"
                                          "z!")) {
    answer.add({.token = {.token = byte_token(byte)}}, delta);
  }
  EXPECT_EQ(delta.text, "\xc3\xa9z!");
  EXPECT_EQ(delta.offsets, (std::vector<std::int32_t>{0, 0, 1, 2}));
}

TEST(Answer, HasNoOffsetsWithoutLogprobs) {
  Answer answer(byte_tokenizer(), {}, false, 3);
  AnswerDelta delta;
  answer.add({.token = {.token = byte_token('x')}}, delta);
  EXPECT_TRUE(delta.offsets.empty());
}

TEST(Answer, EndsWithStopWhenItsLimitComesBeforeAnEarlierStopIsWhole) {
  Answer answer(byte_tokenizer(), {"b", "abc"}, false, 3);
  AnswerDelta delta;
  answer.add({.token = {.token = byte_token('a')}}, delta);
  answer.add({.token = {.token = byte_token('b')}, .finish = FinishReason::kLength}, delta);
  EXPECT_EQ(delta.finish, FinishReason::kStop);
  EXPECT_EQ(delta.text, "a");
}

TEST(Answer, EndsWithStopWhenTheTextSaysSo) {
  Answer answer(byte_tokenizer(), {"b"}, false, 3);
  AnswerDelta delta;
  answer.add({.token = {.token = byte_token('a')}}, delta);
  EXPECT_EQ(delta.finish, FinishReason::kNone);
  answer.add({.token = {.token = byte_token('b')}, .finish = FinishReason::kLength}, delta);
  EXPECT_EQ(delta.finish, FinishReason::kStop);
  EXPECT_EQ(delta.text, "a");
  EXPECT_TRUE(answer.is_stopped_by_text());
}

}  // namespace
}  // namespace ringmaster::engine
