#include "tokens/utf8.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

TEST(Utf8, AcceptsEveryLengthOfCodePoint) {
  EXPECT_TRUE(is_valid_utf8("a\u00E9\u20AC\U0001F642"));
  EXPECT_TRUE(is_valid_utf8(""));
}

TEST(Utf8, RefusesOverlongFormsSurrogatesAndWhatIsBeyondUnicode) {
  EXPECT_FALSE(is_valid_utf8("\xC0\x80"));
  EXPECT_FALSE(is_valid_utf8("\xE0\x80\x80"));
  EXPECT_FALSE(is_valid_utf8("\xED\xA0\x80"));
  EXPECT_FALSE(is_valid_utf8("\xF4\x90\x80\x80"));
  EXPECT_FALSE(is_valid_utf8("\xFF"));
}

TEST(Utf8, FindsAFaultBehindLongAscii) {
  EXPECT_FALSE(is_valid_utf8("0123456789abcdef\x80"));
  EXPECT_FALSE(is_valid_utf8("0123456789\xE2\x82"));
}

// The Unicode Standard, section 3.9, tables 3-8 to 3-11.
TEST(Utf8, ReplacesEachMaximalSubpart) {
  EXPECT_EQ(replace_invalid_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
            "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\x41");
  EXPECT_EQ(replace_invalid_utf8("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"),
            "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\x41");
  EXPECT_EQ(replace_invalid_utf8("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"),
            "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\x41\uFFFD\uFFFD\x42");
  EXPECT_EQ(replace_invalid_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"),
            "\uFFFD\uFFFD\uFFFD\uFFFD\x41");
}

TEST(Utf8, AppendedCodePointsReadBack) {
  for (const char32_t code_point : {U'a', U'\u00E9', U'\u20AC', U'\U0001F642', U'\U0010FFFF'}) {
    std::string text;
    append_utf8(text, code_point);
    std::size_t at = 0;
    EXPECT_EQ(next_code_point(text, at), code_point);
    EXPECT_EQ(at, text.size());
    EXPECT_EQ(previous_code_point(text, at), 0U);
  }
}

}  // namespace
}  // namespace ringmaster
