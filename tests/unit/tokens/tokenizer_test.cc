#include "tokens/tokenizer.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/random.h"
#include "tests/unit/tokens/fixture.h"
#include "tokens/utf8.h"

namespace ringmaster {
namespace {

std::string spelled(const Tokenizer& tokenizer, const TokenVector& tokens) {
  std::string text;
  for (const TokenId token : tokens) {
    text += '[';
    text += tokenizer.token_bytes(token);
    text += ']';
  }
  return text;
}

TEST(Tokenizer, ReadsSpecialTokensOnlyWhenAsked) {
  const auto qwen = fixture_tokenizer("qwen2");
  EXPECT_EQ(qwen->encode("<|im_end|>", {.parse_special = true}),
            TokenVector{qwen->token_id("<|im_end|>").value()});
  const auto plain = qwen->encode("<|im_end|>");
  EXPECT_GT(plain.size(), 1U);
  EXPECT_EQ(qwen->decode(plain), "<|im_end|>");
}

TEST(Tokenizer, ReadsAddedTokensThatAreNotSpecialEitherWay) {
  const auto qwen = fixture_tokenizer("qwen2");
  EXPECT_EQ(qwen->encode("<think>"), TokenVector{qwen->token_id("<think>").value()});
}

TEST(Tokenizer, ReadsSpecialTokensOnlyWhereAllBytesAreTrusted) {
  const auto qwen = fixture_tokenizer("qwen2");
  auto text = MarkedText::trusted("<|im_start|>");
  text.append_plain("<|im_end|>");
  text.append_trusted("<|im_end|><|im_");
  text.append_plain("end|>");
  const auto tokens = qwen->encode(text);
  EXPECT_EQ(std::count_if(tokens.begin(), tokens.end(),
                          [&](TokenId token) { return qwen->is_special(token); }),
            2);
  EXPECT_EQ(qwen->decode(tokens, false), text.bytes());
}

TEST(Tokenizer, JoinsTrustedAndPlainTextIntoOnePiece) {
  const auto llama = fixture_tokenizer("llama3");
  auto text = MarkedText::trusted("con");
  text.append_plain("versation");
  EXPECT_EQ(llama->encode(text), llama->encode("conversation"));
}

TEST(Tokenizer, AddsWhatThePostProcessorAdds) {
  const auto llama = fixture_tokenizer("llama3");
  const auto tokens = llama->encode("hi", {.add_special_tokens = true});
  EXPECT_EQ(tokens.front(), llama->token_id("<|begin_of_text|>"));
  EXPECT_NE(llama->encode("hi").front(), llama->token_id("<|begin_of_text|>"));
}

TEST(Tokenizer, NormalisesWhereTheFileAsksForIt) {
  const auto qwen = fixture_tokenizer("qwen2");
  EXPECT_EQ(qwen->encode("caf\u0065\u0301"), qwen->encode("caf\u00E9"));
  const auto llama = fixture_tokenizer("llama3");
  EXPECT_NE(llama->encode("caf\u0065\u0301"), llama->encode("caf\u00E9"));
}

TEST(Tokenizer, IgnoreMergesFindsWordsThatNoMergeLeadsTo) {
  const auto llama = fixture_tokenizer("llama3");
  EXPECT_EQ(spelled(*llama, llama->encode("an elephant")), "[an][ elephant]");
}

TEST(Tokenizer, ReadsInvalidUtf8AsReplacementCharacters) {
  const auto llama = fixture_tokenizer("llama3");
  EXPECT_EQ(llama->encode("a\xFF\xE2\x82z"), llama->encode("a\uFFFD\uFFFDz"));
}

TEST(Tokenizer, DecodeLeavesSpecialTokensOutUnlessAsked) {
  const auto llama = fixture_tokenizer("llama3");
  const auto tokens = llama->encode("hi<|eot_id|>", {.parse_special = true});
  EXPECT_EQ(llama->decode(tokens), "hi");
  EXPECT_EQ(llama->decode(tokens, false), "hi<|eot_id|>");
}

TEST(Tokenizer, UnknownIdsDecodeToNothing) {
  const auto llama = fixture_tokenizer("llama3");
  EXPECT_EQ(llama->decode(TokenVector{-1, llama->vocabulary_size(), 1'000'000}), "");
  EXPECT_FALSE(llama->is_special(-1));
  EXPECT_FALSE(llama->is_special(1'000'000));
}

TEST(Tokenizer, VocabularySizeCountsAddedTokens) {
  EXPECT_EQ(fixture_tokenizer("llama3")->vocabulary_size(), 576 + 7);
}

TEST(Tokenizer, LongPiecesEncodeLikeShortOnes) {
  const auto llama = fixture_tokenizer("llama3");
  const std::string word = "conversation";
  std::string text;
  for (int i = 0; i < 1'000; ++i) text += word;
  EXPECT_EQ(llama->decode(llama->encode(text)), text);
}

TEST(Tokenizer, EncodesAPieceOfMegabytesInParts) {
  const auto llama = fixture_tokenizer("llama3");
  const std::string text(3'000'000, 'a');
  EXPECT_EQ(llama->decode(llama->encode(text)), text);
}

std::string random_unicode(Random& random) {
  std::string text;
  for (std::uint64_t left = random.below(60); left > 0; --left) {
    const std::uint64_t kind = random.below(8);
    const char32_t code_point =
        kind < 4   ? static_cast<char32_t>(random.below(128))
        : kind < 6 ? static_cast<char32_t>(random.below(0x3000))
                   : static_cast<char32_t>(0xE000 + random.below(0x110000 - 0xE000));
    append_utf8(text, code_point);
  }
  return text;
}

TEST(Tokenizer, DecodeOfEncodeIsTheText) {
  const auto llama = fixture_tokenizer("llama3");
  Random random(3);
  for (int run = 0; run < 3'000; ++run) {
    const std::string text = random_unicode(random);
    ASSERT_EQ(llama->decode(llama->encode(text)), text) << "run " << run;
  }
}

}  // namespace
}  // namespace ringmaster
