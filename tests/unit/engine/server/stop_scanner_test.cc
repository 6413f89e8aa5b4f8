#include "engine/server/stop_scanner.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ringmaster::engine {
namespace {

// What is left of `text` where it comes in pieces of `bytes`; it never takes back what was certain.
std::string left_of(const std::vector<std::string>& stop, std::string_view text,
                    std::size_t bytes) {
  StopScanner scanner(stop);
  std::uint64_t certain = 0;
  for (std::size_t at = 0; at < text.size() && !scanner.is_decided(); at += bytes) {
    scanner.read(text.substr(at, bytes));
    EXPECT_GE(scanner.certain_bytes(), certain);
    certain = scanner.certain_bytes();
  }
  if (!scanner.is_decided()) scanner.finish();
  EXPECT_GE(scanner.certain_bytes(), certain);
  return std::string(text.substr(0, scanner.certain_bytes()));
}

std::string cut_at_the_earliest(const std::vector<std::string>& stop, std::string_view text) {
  std::size_t end = text.size();
  for (const std::string& other : stop) end = std::min(end, text.find(other));
  return std::string(text.substr(0, end));
}

TEST(StopScanner, HasTheWholeTextWithoutStopStrings) {
  EXPECT_EQ(left_of({}, "abc", 1), "abc");
}

TEST(StopScanner, KeepsBackWhatAStopStringMayBeginWith) {
  StopScanner scanner({"END"});
  scanner.read("xxEN");
  EXPECT_EQ(scanner.certain_bytes(), 2U);
  scanner.read("x");
  EXPECT_EQ(scanner.certain_bytes(), 5U);
}

TEST(StopScanner, IsNotDecidedWhileAnEarlierStartIsOpen) {
  StopScanner scanner({"bc", "abcd"});
  scanner.read("xabc");
  EXPECT_FALSE(scanner.is_decided());
  EXPECT_EQ(scanner.certain_bytes(), 1U);
}

TEST(StopScanner, IsDecidedByAPrefixOfAnotherStopString) {
  StopScanner scanner({"abc", "ab"});
  scanner.read("xab");
  EXPECT_TRUE(scanner.is_decided());
  EXPECT_EQ(scanner.certain_bytes(), 1U);
}

TEST(StopScanner, KeepsBackLessThanTheLongestStopString) {
  StopScanner scanner({std::string(1'000, 'a') + "b", "c"});
  scanner.read(std::string(100'000, 'a'));
  EXPECT_EQ(scanner.certain_bytes(), 99'000U);
}

TEST(StopScanner, CutsAtTheEarliestStartWhateverThePiecesAre) {
  Random random(7);
  const auto word = [&random](std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += "ab"[random.below(2)];
    return text;
  };
  for (int round = 0; round < 2'000; ++round) {
    std::vector<std::string> stop;
    while (stop.size() < 3) stop.push_back(word(1 + random.below(8)));
    const std::string text = word(24);
    for (const std::size_t bytes : {1U, 2U, 5U, 24U}) {
      EXPECT_EQ(left_of(stop, text, bytes), cut_at_the_earliest(stop, text));
    }
  }
}

}  // namespace
}  // namespace ringmaster::engine
