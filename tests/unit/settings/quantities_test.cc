#include "settings/quantities.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

using namespace std::chrono_literals;

TEST(ParseDuration, ReadsNumbersWithUnits) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("2 m"), 2min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("250us"), 250us);
  EXPECT_EQ(parse_duration("0"), 0s);
}

TEST(ParseDuration, RefusesWhatHasNoUnitOrIsNoNumber) {
  EXPECT_FALSE(parse_duration("5"));
  EXPECT_FALSE(parse_duration(""));
  EXPECT_FALSE(parse_duration("s"));
  EXPECT_FALSE(parse_duration("-1s"));
  EXPECT_FALSE(parse_duration("1.2.3s"));
  EXPECT_FALSE(parse_duration("1e3s"));
  EXPECT_FALSE(parse_duration("5d"));
  EXPECT_FALSE(parse_duration("99999999999999999999h"));
}

TEST(FormatDuration, GivesTheShortestFormThatIsReadAsTheSameValue) {
  EXPECT_EQ(format_duration(5s), "5s");
  EXPECT_EQ(format_duration(1500ms), "1500ms");
  EXPECT_EQ(format_duration(10min), "10m");
  EXPECT_EQ(format_duration(0s), "0s");
}

TEST(ParseBytes, ReadsPowersOf1024) {
  EXPECT_EQ(parse_bytes("32MiB"), 33'554'432U);
  EXPECT_EQ(parse_bytes("64 KiB"), 65'536U);
  EXPECT_EQ(parse_bytes("1000"), 1000U);
  EXPECT_EQ(parse_bytes("7B"), 7U);
}

TEST(ParseBytes, RefusesFractionsOtherUnitsAndOverflow) {
  EXPECT_FALSE(parse_bytes("1.5MiB"));
  EXPECT_FALSE(parse_bytes("32MB"));
  EXPECT_FALSE(parse_bytes("-1B"));
  EXPECT_FALSE(parse_bytes("18446744073709551615KiB"));
}

TEST(FormatBytes, GivesTheShortestFormThatIsReadAsTheSameValue) {
  EXPECT_EQ(format_bytes(33'554'432), "32MiB");
  EXPECT_EQ(format_bytes(1000), "1000B");
  EXPECT_EQ(format_bytes(0), "0B");
}

TEST(ParseNumber, RefusesInfinityAndTrailingText) {
  EXPECT_EQ(parse_number("0.25"), 0.25);
  EXPECT_FALSE(parse_number("inf"));
  EXPECT_FALSE(parse_number("nan"));
  EXPECT_FALSE(parse_number("1x"));
}

}  // namespace
}  // namespace ringmaster
