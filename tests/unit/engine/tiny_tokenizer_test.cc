#include "engine/tiny_tokenizer.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster::engine {
namespace {

TEST(TinyTokenizer, StartsWithTheBytesAndEndsWithSpecialTokens) {
  const TinyTokenizer tokenizer = train_tiny_tokenizer(TokenizerStyle::kLlama3, 512);
  EXPECT_EQ(tokenizer.vocabulary_size(), 512);
  EXPECT_EQ(tokenizer.tokens[65], "A");
  EXPECT_EQ(tokenizer.tokens[255], "\xff");
  EXPECT_EQ(tokenizer.special_id("<|begin_of_text|>"), 496);
  EXPECT_EQ(tokenizer.special_id("<|eot_id|>"), 500);
}

TEST(TinyTokenizer, LearnsFrequentWords) {
  const TinyTokenizer tokenizer = train_tiny_tokenizer(TokenizerStyle::kQwen, 512);
  EXPECT_THAT(tokenizer.tokens, testing::Contains(std::string(" the")));
}

TEST(TinyTokenizer, HasNoTokenTwice) {
  TinyTokenizer tokenizer = train_tiny_tokenizer(TokenizerStyle::kQwen, 2048);
  std::sort(tokenizer.tokens.begin(), tokenizer.tokens.end());
  EXPECT_EQ(std::adjacent_find(tokenizer.tokens.begin(), tokenizer.tokens.end()),
            tokenizer.tokens.end());
}

TEST(TinyTokenizer, SpellsBytesInTheByteLevelAlphabet) {
  const std::string json = tokenizer_json(train_tiny_tokenizer(TokenizerStyle::kLlama3, 512));
  EXPECT_THAT(json, testing::HasSubstr("\"\u0120\": 32"));  // Space.
  EXPECT_THAT(json, testing::HasSubstr("\"\\\"\": 34"));    // Quotation mark.
  EXPECT_THAT(json, testing::HasSubstr("\"\u010a\": 10"));  // Line end.
  EXPECT_THAT(
      json, testing::HasSubstr("\"\u0143\": 173"));  // Soft hyphen, the last that is not printable.
}

}  // namespace
}  // namespace ringmaster::engine
