#include "tokens/detokenizer.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "tests/unit/tokens/fixture.h"
#include "tokens/utf8.h"

namespace ringmaster {
namespace {

class DetokenizerTest : public testing::Test {
 protected:
  std::shared_ptr<const Tokenizer> tokenizer_ = fixture_tokenizer("qwen2");
  Detokenizer detokenizer_{*tokenizer_};
};

TEST_F(DetokenizerTest, HoldsHalfACodePointBack) {
  EXPECT_EQ(detokenizer_.push_bytes("a\xF0\x9F"), "a");
  EXPECT_EQ(detokenizer_.push_bytes("\x99"), "");
  EXPECT_EQ(detokenizer_.push_bytes("\x82!"), "\U0001F642!");
  EXPECT_EQ(detokenizer_.finish(), "");
}

TEST_F(DetokenizerTest, ReplacesAnIncompleteCodePointAtTheEnd) {
  EXPECT_EQ(detokenizer_.push_bytes("a\xF0\x9F\x99"), "a");
  EXPECT_EQ(detokenizer_.finish(), "\uFFFD");
  EXPECT_EQ(detokenizer_.finish(), "");
}

TEST_F(DetokenizerTest, ReplacesWhatTheNextByteShowsToBeIncomplete) {
  EXPECT_EQ(detokenizer_.push_bytes("\xE2\x82"), "");
  EXPECT_EQ(detokenizer_.push_bytes("x"), "\uFFFDx");
}

TEST_F(DetokenizerTest, LeavesSpecialTokensOutUnlessAsked) {
  const TokenId end = tokenizer_->token_id("<|im_end|>").value();
  EXPECT_EQ(detokenizer_.push(end), "");
  EXPECT_EQ(Detokenizer(*tokenizer_, false).push(end), "<|im_end|>");
}

TEST_F(DetokenizerTest, TextOfAllTokensIsTheirDecodedText) {
  const auto tokens = tokenizer_->encode("na\u00EFve \u4F60\u597D \U0001F468\u200D\U0001F469 end");
  std::string text;
  for (const TokenId token : tokens) text += detokenizer_.push(token);
  EXPECT_EQ(text + detokenizer_.finish(), tokenizer_->decode(tokens));
}

TEST_F(DetokenizerTest, AnySplitOfAnyBytesGivesTheTextOfTheWhole) {
  Random random(5);
  for (int run = 0; run < 5'000; ++run) {
    std::string bytes;
    for (std::uint64_t left = random.below(40); left > 0; --left) {
      // Mostly lead and continuation bytes, so that sequences nearly fit.
      constexpr std::string_view kBytes =
          "a\x80\x8F\x90\x9F\xA0\xBF\xC2\xE0\xE2\xED\xEF\xF0\xF1\xF4\xF5";
      bytes += kBytes[random.below(kBytes.size())];
    }
    std::string text;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = 1 + random.below(4);
      const std::string part = detokenizer_.push_bytes(std::string_view(bytes).substr(at, size));
      ASSERT_TRUE(is_valid_utf8(part));
      text += part;
      at += size;
    }
    ASSERT_EQ(text + detokenizer_.finish(), replace_invalid_utf8(bytes)) << "run " << run;
  }
}

}  // namespace
}  // namespace ringmaster
