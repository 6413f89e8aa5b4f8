#include "tokens/text_splitter.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ringmaster {
namespace {

using Pieces = std::vector<std::string_view>;

Pieces split(const TextSplitter& splitter, std::string_view text) {
  Pieces pieces;
  splitter.split(text, pieces);
  return pieces;
}

Pieces by_llama3(std::string_view text) {
  return split(SevenWaySplitter(3), text);
}
Pieces by_qwen2(std::string_view text) {
  return split(SevenWaySplitter(1), text);
}

TEST(SevenWaySplitter, PutsASpaceWithTheWordBehindIt) {
  EXPECT_EQ(by_llama3("Hello big world"), (Pieces{"Hello", " big", " world"}));
}

TEST(SevenWaySplitter, CutsContractionsInEitherCase) {
  EXPECT_EQ(by_llama3("it's WE'LL"), (Pieces{"it", "'s", " WE", "'LL"}));
}

TEST(SevenWaySplitter, ReadsTheLongSAsAnS) {
  EXPECT_EQ(by_llama3("it'\u017Fx"), (Pieces{"it", "'\u017F", "x"}));
}

TEST(SevenWaySplitter, GroupsDigitsUpToItsLimit) {
  EXPECT_EQ(by_llama3("12345"), (Pieces{"123", "45"}));
  EXPECT_EQ(by_qwen2("123"), (Pieces{"1", "2", "3"}));
}

TEST(SevenWaySplitter, KeepsLineBreaksWithTheSymbolsBeforeThem) {
  EXPECT_EQ(by_llama3("what?!\n\nno"), (Pieces{"what", "?!\n\n", "no"}));
}

TEST(SevenWaySplitter, EndsWhiteSpaceAtItsLastLineBreak) {
  EXPECT_EQ(by_llama3("a \n \n  b"), (Pieces{"a", " \n \n", " ", " b"}));
}

TEST(SevenWaySplitter, LeavesTheLastSpaceToTheWord) {
  EXPECT_EQ(by_llama3("a   b"), (Pieces{"a", "  ", " b"}));
  EXPECT_EQ(by_llama3("a   "), (Pieces{"a", "   "}));
}

TEST(SevenWaySplitter, CountsNextLineAsWhiteSpace) {
  EXPECT_EQ(by_llama3("a\u0085\u0085 ."), (Pieces{"a", "\u0085\u0085", " ."}));
}

TEST(SevenWaySplitter, ReturnsNothingForNoText) {
  EXPECT_EQ(by_llama3(""), Pieces{});
}

std::string random_text(Random& random) {
  static const std::array<std::string_view, 44> kParts{
      "a",          "B",      "the",     "'",          "'s",
      "'LL",        "'re",    "'\u017F", "'V",         "1",
      "23",         "4567",   " ",       "  ",         "\n",
      "\r",         "\r\n",   "\t",      ".",          "?!",
      "(",          "_",      "\u00A0",  "\u0085",     "\u3000",
      "\u2028",     "\u200B", "\u0301",  "\u00E9",     "\u00DF",
      "\u4F60",     "\u597D", "\u3042",  "\uD55C",     "\u0416",
      "\u00B2",     "\u00BD", "\u0663",  "\U0001F642", "\U0001F468\u200D\U0001F469",
      "\U0001D49C", "\u0378", "\u000B",  "\U000E0001"};
  std::string text;
  for (std::uint64_t parts = random.below(30); parts > 0; --parts) {
    text += kParts[random.below(kParts.size())];
  }
  return text;
}

void expect_equal_to_regex(std::string_view pattern) {
  const auto scanner = make_splitter(pattern, GapRule::kKeep);
  const auto regex = make_regex_splitter(pattern, GapRule::kKeep);
  ASSERT_TRUE(scanner && regex);
  Random random(11);
  for (int run = 0; run < 20'000; ++run) {
    const std::string text = random_text(random);
    ASSERT_EQ(split(**scanner, text), split(**regex, text)) << "run " << run << ": " << text;
  }
}

TEST(SevenWaySplitter, EqualsTheRegexOfLlama3OnRandomText) {
  expect_equal_to_regex(kLlama3Pattern);
}
TEST(SevenWaySplitter, EqualsTheRegexOfQwen2OnRandomText) {
  expect_equal_to_regex(kQwen2Pattern);
}

TEST(RegexSplitter, KeepsOrDropsWhatLiesBetweenMatches) {
  const auto keep = make_regex_splitter("[0-9]+", GapRule::kKeep);
  const auto drop = make_regex_splitter("[0-9]+", GapRule::kDrop);
  EXPECT_EQ(split(**keep, "a1\u00E922b"), (Pieces{"a", "1", "\u00E9", "22", "b"}));
  EXPECT_EQ(split(**drop, "a1\u00E922b"), (Pieces{"1", "22"}));
}

TEST(RegexSplitter, RefusesWhatIcuCannotCompile) {
  const auto splitter = make_regex_splitter("a(b", GapRule::kKeep);
  ASSERT_FALSE(splitter.has_value());
  EXPECT_EQ(splitter.error().message,
            "must be a regular expression that ICU can compile, which says "
            "U_REGEX_MISMATCHED_PAREN at character 3");
}

}  // namespace
}  // namespace ringmaster
