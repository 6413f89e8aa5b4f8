#include "tokens/marked_text.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

MarkedText sample() {  // "ab" trusted, "cd" plain, "ef" trusted, "gh" plain
  MarkedText text = MarkedText::trusted("ab");
  text.append_plain("cd");
  text.append_trusted("ef");
  text.append_plain("gh");
  return text;
}

TEST(MarkedText, NeighbouringMarksBecomeOne) {
  MarkedText text = MarkedText::plain("ab");
  text.append(MarkedText::plain("cd"));
  text.append_plain("");
  EXPECT_EQ(text.plain_ranges(), (std::vector<ByteRange>{{0, 4}}));
}

TEST(MarkedText, TouchesPlainWhereARangeOverlaps) {
  EXPECT_FALSE(sample().touches_plain(0, 2));
  EXPECT_TRUE(sample().touches_plain(0, 3));
  EXPECT_TRUE(sample().touches_plain(3, 5));
  EXPECT_FALSE(sample().touches_plain(4, 6));
  EXPECT_TRUE(sample().touches_plain(5, 7));
  EXPECT_FALSE(sample().touches_plain(3, 3));
}

TEST(MarkedText, SlicesKeepTheirMarks) {
  const MarkedText part = sample().slice(1, 7);
  EXPECT_EQ(part.bytes(), "bcdefg");
  EXPECT_EQ(part.plain_ranges(), (std::vector<ByteRange>{{1, 3}, {5, 6}}));
  EXPECT_TRUE(sample().slice(3, 3).plain_ranges().empty());
}

TEST(MarkedText, TransformsEachRunApart) {
  const MarkedText text =
      sample().transformed([](std::string_view run) { return std::string(run) + "!"; });
  EXPECT_EQ(text.bytes(), "ab!cd!ef!gh!");
  EXPECT_EQ(text.plain_ranges(), (std::vector<ByteRange>{{3, 6}, {9, 12}}));
}

}  // namespace
}  // namespace ringmaster
