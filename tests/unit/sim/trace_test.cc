#include "sim/trace.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kTwoRecords =
    R"({"timestamp": 0, "input_length": 700, "output_length": 5, "hash_ids": [7, 8]}
{"timestamp": 3000, "input_length": 512, "output_length": 0, "hash_ids": [7]}
)";

std::string error_of(std::string_view text) {
  const auto trace = parse_trace(text, "t.jsonl");
  return trace ? "no error" : trace.error().message;
}

std::string line(std::string_view ids, std::string_view input_length = "700",
                 std::string_view timestamp = "0", std::string_view output_length = "5") {
  return R"({"timestamp": )" + std::string(timestamp) + R"(, "input_length": )" +
         std::string(input_length) + R"(, "output_length": )" + std::string(output_length) +
         R"(, "hash_ids": )" + std::string(ids) + "}\n";
}

TEST(ParseTrace, ReadsRecordsInOrder) {
  const auto trace = parse_trace(kTwoRecords, "t.jsonl");
  ASSERT_TRUE(trace.has_value());
  ASSERT_EQ(trace->records.size(), 2U);
  EXPECT_EQ(trace->records[1].timestamp, milliseconds(3000));
  EXPECT_EQ(trace->records[0].input_tokens, 700U);
  EXPECT_EQ(trace->records[0].output_tokens, 5U);
  EXPECT_THAT(trace->ids_of(trace->records[0]), ElementsAre(7, 8));
  EXPECT_THAT(trace->ids_of(trace->records[1]), ElementsAre(7));
}

TEST(ParseTrace, TakesAMissingNewlineAtTheEndAndWindowsLineEnds) {
  EXPECT_EQ(error_of(R"({"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[]})"),
            "no error");
  EXPECT_EQ(
      error_of("{\"timestamp\":0,\"input_length\":1,\"output_length\":1,\"hash_ids\":[]}\r\n"),
      "no error");
}

TEST(ParseTrace, ReadsFractionsOfAMillisecond) {
  const auto trace = parse_trace(line("[1]", "700", "1.25"), "t.jsonl");
  ASSERT_TRUE(trace.has_value());
  EXPECT_EQ(trace->records[0].timestamp, microseconds(1250));
}

TEST(ParseTrace, ListsFieldsThatItDoesNotUse) {
  const auto trace = parse_trace(
      R"({"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[],"x":{"y":1},"a":2})",
      "t.jsonl");
  ASSERT_TRUE(trace.has_value());
  EXPECT_THAT(trace->ignored_fields, ElementsAre("a", "x"));
}

TEST(ParseTrace, ReadsWhatIsSaidOfARequestBesideItsLengths) {
  const auto trace = parse_trace(
      R"({"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[],"session":7,"tenant":8,)"
      R"("adapter":9,"priority":-2,"steps_to_execution":3})",
      "t.jsonl");
  ASSERT_TRUE(trace.has_value());
  EXPECT_EQ(trace->records[0].labels,
            (RequestLabels{
                .session = 7, .tenant = 8, .adapter = 9, .priority = -2, .steps_to_execution = 3}));
  EXPECT_TRUE(trace->ignored_fields.empty());
}

TEST(ParseTrace, RefusesLabelsOutOfTheirRanges) {
  const auto with = [](std::string_view field) {
    return R"({"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[],)" +
           std::string(field) + "}";
  };
  EXPECT_EQ(error_of(with(R"("session":"a")")),
            "t.jsonl:1: expected \"session\" as a whole number from 0, found \"a\"");
  EXPECT_EQ(error_of(with(R"("priority":1000001)")),
            "t.jsonl:1: expected \"priority\" as a whole number in [-1000000, 1000000], found "
            "1000001");
  EXPECT_EQ(
      error_of(with(R"("steps_to_execution":-1)")),
      "t.jsonl:1: expected \"steps_to_execution\" as a whole number in [0, 1000000], found -1");
}

TEST(WriteTrace, KeepsWhatIsSaidOfARequest) {
  const std::string text =
      R"({"timestamp": 0, "input_length": 1, "output_length": 1, "hash_ids": [], "session": 7, )"
      R"("priority": -2})"
      "\n";
  EXPECT_EQ(write_trace(parse_trace(text, "t.jsonl").value()), text);
}

TEST(ParseTrace, NamesFileAndLineOfMalformedJson) {
  EXPECT_THAT(error_of(std::string(kTwoRecords) + "{\"timestamp\": 5000, \n"),
              StartsWith("t.jsonl:3: expected one JSON object a line: "));
  EXPECT_THAT(error_of(R"({"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[]} {})"),
              StartsWith("t.jsonl:1: expected one JSON object a line: "));
}

TEST(ParseTrace, RefusesWhatIsNotAnObject) {
  EXPECT_EQ(error_of("[1, 2]\n"), "t.jsonl:1: expected a JSON object, found [1,2]");
}

TEST(ParseTrace, RefusesAnEmptyLine) {
  EXPECT_EQ(error_of(line("[1]") + "\n" + line("[1]")),
            "t.jsonl:2: expected a JSON object, found an empty line");
}

TEST(ParseTrace, RefusesAnEmptyFile) {
  EXPECT_EQ(error_of(""), "t.jsonl:1: expected a JSON object a line, found an empty file");
}

TEST(ParseTrace, RefusesAMissingField) {
  EXPECT_EQ(error_of(R"({"timestamp":0,"input_length":1,"hash_ids":[]})"),
            "t.jsonl:1: expected the field \"output_length\"");
}

TEST(ParseTrace, RefusesAFieldThatIsThereTwice) {
  EXPECT_EQ(error_of(R"({"timestamp":0,"timestamp":0,"input_length":1,"hash_ids":[]})"),
            "t.jsonl:1: expected \"timestamp\" once, found it twice");
}

TEST(ParseTrace, RefusesNegativeAndFractionalLengths) {
  EXPECT_EQ(error_of(line("[1]", "-3")),
            "t.jsonl:1: expected \"input_length\" as a whole number of tokens in [1, 100000000], "
            "found -3");
  EXPECT_THAT(error_of(line("[1]", "7.5")), HasSubstr("found 7.5"));
  EXPECT_THAT(error_of(line("[1]", "700", "0", "-1")), HasSubstr("\"output_length\""));
  EXPECT_THAT(error_of(line("[1]", "700", "0", "\"5\"")), HasSubstr("found \"5\""));
}

TEST(ParseTrace, RefusesAnEmptyPrompt) {
  EXPECT_THAT(error_of(line("[]", "0")), HasSubstr("in [1, 100000000], found 0"));
}

TEST(ParseTrace, RefusesATimestampThatGoesBack) {
  EXPECT_EQ(error_of(line("[1]", "700", "9.5") + line("[1]", "700", "8")),
            "t.jsonl:2: expected a timestamp not before that of the line above, 9.5, found 8");
}

TEST(ParseTrace, RefusesATimestampOutOfRange) {
  EXPECT_THAT(error_of(line("[1]", "700", "-1")), HasSubstr("milliseconds in [0, 1e11], found -1"));
  EXPECT_THAT(error_of(line("[1]", "700", "1e12")), HasSubstr("milliseconds in [0, 1e11]"));
  EXPECT_THAT(error_of(line("[1]", "700", "null")), HasSubstr("found null"));
}

TEST(ParseTrace, RefusesMoreIdsThanTheLengthAllows) {
  EXPECT_EQ(error_of(line("[1, 2, 3]", "1024")),
            "t.jsonl:1: expected at most 2 hash_ids for 1024 tokens (one per 512), found 3");
}

TEST(ParseTrace, RefusesIdsThatAreNotWholeNumbers) {
  EXPECT_THAT(error_of(line("[1, -2]")), HasSubstr("whole numbers from 0, found -2"));
  EXPECT_THAT(error_of(line("7")), HasSubstr("\"hash_ids\" as an array, found 7"));
}

TEST(WriteTrace, IsReadBackToTheSameText) {
  const std::string text = line("[7, 8]") + line("[18446744073709551615]", "512", "1.000025", "0");
  const auto trace = parse_trace(text, "t.jsonl");
  ASSERT_TRUE(trace.has_value());
  EXPECT_EQ(write_trace(*trace), text);
}

TEST(NumberIdsByAppearance, KeepsWhichIdsAreEqual) {
  Trace trace = parse_trace(line("[900, 8]") + line("[900, 70]"), "t.jsonl").value();
  number_ids_by_appearance(trace);
  EXPECT_THAT(trace.ids_of(trace.records[0]), ElementsAre(0, 1));
  EXPECT_THAT(trace.ids_of(trace.records[1]), ElementsAre(0, 2));
}

TEST(NumberIdsByAppearance, DropsIdsOfRecordsThatAreGone) {
  Trace trace = parse_trace(line("[1, 2]") + line("[3, 4]"), "t.jsonl").value();
  trace.records.erase(trace.records.begin());
  number_ids_by_appearance(trace);
  EXPECT_THAT(trace.hash_ids, ElementsAre(0, 1));
}

}  // namespace
}  // namespace ringmaster::sim
