#include "http/sse.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace ringmaster::http {
namespace {

struct Event {
  std::string raw;
  std::string data;
  std::string type;
  bool operator==(const Event&) const = default;
};

std::vector<Event> events_of(SseReader& reader, const std::vector<std::string>& pieces) {
  std::vector<Event> events;
  for (const auto& piece : pieces) {
    reader.feed(piece);
    for (auto event = reader.next(); event && *event; event = reader.next()) {
      events.push_back(
          {std::string((*event)->raw), std::string((*event)->data), std::string((*event)->type)});
    }
  }
  return events;
}

std::vector<Event> events_of(const std::vector<std::string>& pieces) {
  SseReader reader;
  return events_of(reader, pieces);
}

using Events = std::vector<Event>;

TEST(SseReader, GivesTheDataOfAnEvent) {
  EXPECT_EQ(events_of({"data: {\"a\":1}\n\n"}), (Events{{"data: {\"a\":1}\n\n", "{\"a\":1}", ""}}));
}

TEST(SseReader, TakesOneSpaceOffTheValue) {
  EXPECT_EQ(events_of({"data:  x\n\ndata:y\n\n"}),
            (Events{{"data:  x\n\n", " x", ""}, {"data:y\n\n", "y", ""}}));
}

TEST(SseReader, JoinsDataLinesByLineFeeds) {
  EXPECT_EQ(events_of({"data: a\ndata: b\ndata:\n\n"}),
            (Events{{"data: a\ndata: b\ndata:\n\n", "a\nb\n", ""}}));
}

TEST(SseReader, GivesTheTypeOfAnEvent) {
  EXPECT_EQ(events_of({"event: ping\ndata: 1\n\n"}),
            (Events{{"event: ping\ndata: 1\n\n", "1", "ping"}}));
}

TEST(SseReader, GivesCommentsWithoutData) {
  EXPECT_EQ(events_of({": keep-alive\n\n"}), (Events{{": keep-alive\n\n", "", ""}}));
}

TEST(SseReader, IgnoresOtherFields) {
  EXPECT_EQ(events_of({"id: 7\nretry: 10\ndata\ndata: x\n\n"}),
            (Events{{"id: 7\nretry: 10\ndata\ndata: x\n\n", "\nx", ""}}));
}

TEST(SseReader, WaitsForTheBlankLine) {
  EXPECT_EQ(events_of({"data: a\n"}), Events{});
  EXPECT_EQ(events_of({"da", "ta: a", "\n", "\n"}), (Events{{"data: a\n\n", "a", ""}}));
}

TEST(SseReader, AcceptsAnyLineEnd) {
  EXPECT_EQ(
      events_of({"data: a\r\n\r\ndata: b\r\rdata: c\n\n"}),
      (Events{{"data: a\r\n\r\n", "a", ""}, {"data: b\r\r", "b", ""}, {"data: c\n\n", "c", ""}}));
}

TEST(SseReader, ReadsMixedLineEndsWithinAnEvent) {
  EXPECT_EQ(events_of({"data: a\rdata: b\r\ndata: c\n\r\n"}),
            (Events{{"data: a\rdata: b\r\ndata: c\n\r\n", "a\nb\nc", ""}}));
}

TEST(SseReader, DoesNotTakeASplitLineEndForABlankLine) {
  EXPECT_EQ(events_of({"data: a\r", "\ndata: b\r", "\n\r", "\ndata: c\n\n"}),
            (Events{{"data: a\r\ndata: b\r\n\r", "a\nb", ""}, {"\ndata: c\n\n", "c", ""}}));
}

TEST(SseReader, LosesNoByteWhereverTheStreamIsCut) {
  const std::string stream =
      "\xef\xbb\xbf"
      "data: a\r\n\r\n: c\n\ndata: b\rdata: c\r\rx\r\n\n";
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    std::string joined;
    for (const auto& event : events_of({stream.substr(0, cut), stream.substr(cut)})) {
      joined += event.raw;
    }
    EXPECT_EQ(joined, stream) << "cut at " << cut;
  }
}

TEST(SseReader, SkipsAByteOrderMarkAtTheStart) {
  EXPECT_EQ(events_of({"\xef\xbb\xbf"
                       "data: a\n\n"})[0]
                .data,
            "a");
}

TEST(SseReader, KeepsTheRestOfAnUnfinishedEvent) {
  SseReader reader;
  EXPECT_EQ(events_of(reader, {"data: a\n\ndata: b"}).size(), 1U);
  EXPECT_EQ(reader.rest(), "data: b");
}

TEST(SseReader, HasNoRestBehindALastLineEndThatCameInTwo) {
  SseReader reader;
  EXPECT_EQ(events_of(reader, {"data: [DONE]\r\n\r", "\n"}).size(), 1U);
  EXPECT_EQ(reader.rest(), "");
}

TEST(SseReader, RefusesAnEventBeyondTheLimit) {
  SseReader reader(16);
  reader.feed("data: 0123456789abcdef");
  const auto event = reader.next();
  ASSERT_FALSE(event.has_value());
  EXPECT_EQ(event.error().code, ErrorCode::kOverloaded);
}

TEST(SseReader, RefusesAFinishedEventBeyondTheLimit) {
  SseReader reader(16);
  reader.feed("data: 0123456789abcdef\n\n");
  EXPECT_FALSE(reader.next().has_value());
}

TEST(SseReader, CountsTheLimitPerEvent) {
  SseReader reader(16);
  EXPECT_EQ(events_of(reader, {"data: 01234567\n\ndata: 01234567\n\n"}).size(), 2U);
}

}  // namespace
}  // namespace ringmaster::http
