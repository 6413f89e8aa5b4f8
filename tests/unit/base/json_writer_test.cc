#include "base/json_writer.h"

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

std::string number(double value) {
  std::string out;
  append_json_number(out, value);
  return out;
}

TEST(JsonText, WritesNumbersAsPlainDecimals) {
  EXPECT_EQ(number(1.0), "1");
  EXPECT_EQ(number(0.00352), "0.00352");
  EXPECT_EQ(number(100000.0), "100000");
  EXPECT_EQ(number(-12.5), "-12.5");
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(0.0), "0");
  EXPECT_EQ(number(123456789012345.0), "123456789012345");
}

TEST(JsonText, WritesAnExponentOnlyWhereDigitsWouldRunOn) {
  EXPECT_EQ(number(1e15), "1e+15");
  EXPECT_EQ(number(2.5e-7), "2.5e-07");
  EXPECT_EQ(number(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
}

TEST(JsonText, ReadsBackToTheSameNumber) {
  for (const double value : {1.0 / 3.0, 1.2345678901234567e-6, 999999999999999.9, 5e-324}) {
    EXPECT_EQ(std::strtod(number(value).c_str(), nullptr), value);
  }
}

TEST(JsonText, WritesNullForWhatJsonCannotSay) {
  EXPECT_EQ(number(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(JsonText, EscapesQuotesBackslashesAndControlCharacters) {
  EXPECT_EQ(json_string("a\"b\\c\n\x01"), R"("a\"b\\c\n\u0001")");
  EXPECT_EQ(json_string("Zürich 🎪"), "\"Zürich 🎪\"");
}

TEST(JsonText, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(json_string("a\xff"), R"("a\ufffd")");
  EXPECT_EQ(json_string("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");
  EXPECT_EQ(json_string("\xe2\x82"), R"("\ufffd\ufffd")");
}

TEST(JsonWriter, PutsCommasBetweenMembersAndItems) {
  JsonWriter json;
  json.begin_object().member("id", "a").member("capacity", 1.0).key("list").begin_array();
  json.value(std::uint64_t{1}).value(-2).begin_object().end_object().begin_array().end_array();
  json.end_array().member("held", false).end_object();
  EXPECT_EQ(json.take(), R"({"id":"a","capacity":1,"list":[1,-2,{},[]],"held":false})");
}

TEST(JsonWriter, WritesNullForWhatIsAbsent) {
  JsonWriter json;
  json.begin_object()
      .member("known", std::optional<double>(0.5))
      .member("absent", std::optional<double>())
      .end_object();
  EXPECT_EQ(json.take(), R"({"known":0.5,"absent":null})");
}

TEST(JsonWriter, TellsATextThatEndsInABracketFromAnOpenList) {
  JsonWriter json;
  json.begin_array().value("[").value("{").value(":").end_array();
  EXPECT_EQ(json.take(), R"(["[","{",":"])");
}

}  // namespace
}  // namespace ringmaster
