#include "engine_adapters/kv_event_stream.h"

#include <string>

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

using Step = KvEventStream::Step;

const std::string kA = "00000000000000010000000000000002";
const std::string kB = "0000000000000003000000000000000f";

struct WrittenDown final : KvEventSink {
  std::string text;
  void stored(std::vector<BlockHash> blocks) override {
    text += "+" + std::to_string(blocks.size());
  }
  void removed(std::vector<BlockHash> blocks) override {
    text += "-" + std::to_string(blocks.size());
  }
  void cleared() override { text += "x"; }
};

std::string batch(std::string_view epoch, int sequence, const std::string& events) {
  return R"({"epoch":")" + std::string(epoch) + R"(","sequence":)" + std::to_string(sequence) +
         R"(,"events":[)" + events + "]}";
}
std::string event(const std::string& type, const std::string& blocks) {
  return R"({"type":")" + type + R"(","blocks":[)" + blocks + "]}";
}
std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

std::string part(int sequence, const std::string& type, int more) {
  auto text = batch("e", sequence, event(type, quoted(kA)));
  text.pop_back();
  return text + ",\"more\":" + std::to_string(more) + "}";
}

TEST(KvEventStream, TakesASnapshotInParts) {
  WrittenDown sink;
  KvEventStream stream(sink);
  EXPECT_EQ(stream.apply(part(9, "snapshot", 2)), Step::kApplied);
  EXPECT_EQ(stream.apply(part(9, "stored", 1)), Step::kApplied);
  EXPECT_EQ(stream.apply(part(9, "stored", 0)), Step::kApplied);
  EXPECT_EQ(stream.apply(batch("e", 10, event("removed", quoted(kA)))), Step::kApplied);
  EXPECT_EQ(sink.text, "x+1+1+1-1");
  EXPECT_EQ(sink.place, (KvEventSink::Place{.epoch = "e", .next = 11}));
}

TEST(KvEventStream, AsksAnewWhenASnapshotBreaksOff) {
  WrittenDown sink;
  KvEventStream stream(sink);
  EXPECT_EQ(stream.apply(part(9, "snapshot", 2)), Step::kApplied);
  EXPECT_EQ(sink.place, KvEventSink::Place{});
  EXPECT_FALSE(stream.apply(batch("e", 10, event("stored", quoted(kB)))).has_value());
  EXPECT_FALSE(stream.apply(part(9, "stored", 0)).has_value());
  EXPECT_EQ(sink.text, "x+1");
  EXPECT_EQ(stream.apply(part(9, "snapshot", 0)), Step::kApplied);
  EXPECT_EQ(sink.place, (KvEventSink::Place{.epoch = "e", .next = 10}));
}

TEST(KvEventStream, RefusesABatchOfNothing) {
  WrittenDown sink;
  KvEventStream stream(sink);
  EXPECT_FALSE(stream.apply({}).has_value());
}

TEST(KvEventStream, ReadsHighHalfFirst) {
  EXPECT_EQ(parse_block_hash(kB), (BlockHash{.low = 15, .high = 3}));
}

TEST(KvEventStream, RefusesAHashThatIsNotThirtyTwoHexDigits) {
  EXPECT_FALSE(parse_block_hash("12"));
  EXPECT_FALSE(parse_block_hash("0000000000000001000000000000000g"));
}

TEST(KvEventStream, AppliesBatchesInOrder) {
  WrittenDown sink;
  KvEventStream stream(sink);
  EXPECT_EQ(stream.apply(batch("e", 0, event("stored", quoted(kA) + "," + quoted(kB)))),
            Step::kApplied);
  EXPECT_EQ(stream.apply(batch("e", 1, event("removed", quoted(kA)))), Step::kApplied);
  EXPECT_EQ(sink.text, "+2-1");
  EXPECT_EQ(sink.place.next, 2);
}

TEST(KvEventStream, TakesANumberAsTheEpoch) {
  WrittenDown sink;
  KvEventStream stream(sink);
  EXPECT_EQ(stream.apply(R"({"epoch":7,"sequence":0,"events":[]})"), Step::kApplied);
  EXPECT_EQ(sink.place.epoch, "7");
}

TEST(KvEventStream, DoesNothingWithABatchSeenBefore) {
  WrittenDown sink;
  KvEventStream stream(sink);
  ASSERT_EQ(stream.apply(batch("e", 0, event("stored", quoted(kA)))), Step::kApplied);
  EXPECT_EQ(stream.apply(batch("e", 0, event("stored", quoted(kA)))), Step::kRepeated);
  EXPECT_EQ(sink.text, "+1");
}

TEST(KvEventStream, ReportsAGapAndKeepsItsPlace) {
  WrittenDown sink;
  KvEventStream stream(sink);
  ASSERT_EQ(stream.apply(batch("e", 0, event("stored", quoted(kA)))), Step::kApplied);
  EXPECT_EQ(stream.apply(batch("e", 5, event("stored", quoted(kB)))), Step::kGap);
  EXPECT_EQ(sink.text, "+1");
  EXPECT_EQ(sink.place.next, 1);
}

TEST(KvEventStream, ReplacesEverythingByASnapshot) {
  WrittenDown sink;
  KvEventStream stream(sink);
  ASSERT_EQ(stream.apply(batch("e", 0, event("stored", quoted(kA)))), Step::kApplied);
  EXPECT_EQ(stream.apply(batch("e", 9, event("snapshot", quoted(kB)))), Step::kApplied);
  EXPECT_EQ(sink.text, "+1x+1");
  EXPECT_EQ(sink.place.next, 10);
}

TEST(KvEventStream, ClearsWhenALossCannotBeFilled) {
  WrittenDown sink;
  KvEventStream stream(sink);
  ASSERT_EQ(stream.apply(batch("e", 0, event("stored", quoted(kA)))), Step::kApplied);
  EXPECT_TRUE(stream.apply_after_loss(batch("e", 7, event("stored", quoted(kB)))));
  EXPECT_EQ(sink.text, "+1x+1");
  EXPECT_EQ(sink.place.next, 8);
}

TEST(KvEventStream, ClearsWhenTheEngineHasRestarted) {
  WrittenDown sink;
  KvEventStream stream(sink);
  ASSERT_EQ(stream.apply(batch("first", 0, event("stored", quoted(kA)))), Step::kApplied);
  EXPECT_EQ(stream.apply(batch("second", 0, event("stored", quoted(kB)))), Step::kApplied);
  EXPECT_EQ(sink.text, "+1x+1");
  EXPECT_EQ(sink.place.epoch, "second");
}

TEST(KvEventStream, TakesACountAsTheEpoch) {
  WrittenDown sink;
  KvEventStream stream(sink);
  EXPECT_EQ(stream.apply(R"({"epoch":77,"sequence":0,"events":[]})"), Step::kApplied);
  EXPECT_EQ(sink.place.epoch, "77");
}

TEST(KvEventStream, RefusesAnEpochThatAQueryCannotCarry) {
  WrittenDown sink;
  KvEventStream stream(sink);
  EXPECT_FALSE(stream.apply(R"({"epoch":"a b","sequence":0,"events":[]})"));
  EXPECT_FALSE(stream.apply(R"({"sequence":0,"events":[]})"));
}

TEST(KvEventStream, AppliesNothingOfABatchWithAFault) {
  WrittenDown sink;
  KvEventStream stream(sink);
  const auto step =
      stream.apply(batch("e", 0, event("stored", quoted(kA)) + "," + event("moved", "")));
  ASSERT_FALSE(step);
  EXPECT_NE(step.error().message.find("must be stored, removed, cleared or snapshot"),
            std::string::npos);
  EXPECT_EQ(sink.text, "");
}

}  // namespace
}  // namespace ringmaster
