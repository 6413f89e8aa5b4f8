// What the bundled engine writes about its cache, read by the gateway's own reader.

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/server/kv_event_format.h"
#include "engine_adapters/kv_event_stream.h"
#include "http/sse.h"

namespace ringmaster {
namespace {

struct Resident final : KvEventSink {
  std::set<std::pair<std::uint64_t, std::uint64_t>> blocks;
  void stored(std::vector<BlockHash> some) override {
    for (const auto& block : some) blocks.emplace(block.high, block.low);
  }
  void removed(std::vector<BlockHash> some) override {
    for (const auto& block : some) blocks.erase({block.high, block.low});
  }
  void cleared() override { blocks.clear(); }
};

std::vector<BlockHash> many_blocks(std::uint64_t count) {
  std::vector<BlockHash> blocks;
  for (std::uint64_t i = 0; i < count; ++i) blocks.push_back({.low = i, .high = ~i});
  return blocks;
}

/// Feeds the text in pieces of a read's size, as it would come from a socket.
void read_all(const std::string& text, KvEventStream& stream) {
  constexpr std::size_t kReadBytes = 16 * 1024;
  http::SseReader reader;
  for (std::size_t at = 0; at < text.size(); at += kReadBytes) {
    reader.feed(std::string_view(text).substr(at, kReadBytes));
    while (true) {
      const auto event = reader.next();
      ASSERT_TRUE(event.has_value()) << event.error().message;
      if (!*event) break;
      const auto step = stream.apply((*event)->data);
      ASSERT_TRUE(step.has_value()) << step.error().message;
      ASSERT_EQ(*step, KvEventStream::Step::kApplied);
    }
  }
}

TEST(KvSnapshot, OfAHundredThousandBlocksArrivesWholeInEventsOfBoundedSize) {
  const auto blocks = many_blocks(100'000);
  std::string text;
  for (const auto& event : engine::kv_snapshot_events(7, 41, blocks)) {
    EXPECT_LT(event.size(), 300'000U);
    text += event;
  }
  Resident sink;
  KvEventStream stream(sink);
  read_all(text, stream);
  EXPECT_EQ(sink.blocks.size(), 100'000U);
  EXPECT_EQ(sink.place, (KvEventSink::Place{.epoch = "7", .next = 42}));
}

TEST(KvSnapshot, ReplacesWhatWasKnownAndIsFollowedByTheNextBatch) {
  const auto blocks = many_blocks(10'000);
  Resident sink;
  sink.blocks.emplace(1, 1);
  sink.place = {.epoch = "7", .next = 3};
  KvEventStream stream(sink);
  std::string text;
  for (const auto& event : engine::kv_snapshot_events(7, 41, blocks)) text += event;
  text += engine::kv_batch_event(
      7, {.sequence = 42,
          .events = {{.type = engine::KvEvent::Type::kRemoved, .blocks = {blocks.front()}}}});
  read_all(text, stream);
  EXPECT_EQ(sink.blocks.size(), 9'999U);
  EXPECT_FALSE(sink.blocks.contains({1, 1}));
  EXPECT_EQ(sink.place.next, 43U);
}

TEST(KvSnapshot, OfAnEmptyCacheIsOneEvent) {
  const auto events = engine::kv_snapshot_events(7, 3, {});
  ASSERT_EQ(events.size(), 1U);
  Resident sink;
  sink.blocks.emplace(1, 1);
  KvEventStream stream(sink);
  read_all(events.front(), stream);
  EXPECT_TRUE(sink.blocks.empty());
}

TEST(KvSnapshot, HoldsWhatIsOnTheHostAsWell) {
  const auto blocks = many_blocks(10'000);
  const auto host_blocks = std::span(blocks).last(9'000);
  std::string text;
  for (const auto& event :
       engine::kv_snapshot_events(7, 41, std::span(blocks).first(1'000), host_blocks)) {
    text += event;
  }
  Resident sink;
  KvEventStream stream(sink);
  read_all(text, stream);
  EXPECT_EQ(sink.blocks.size(), 10'000U);
  EXPECT_EQ(sink.place, (KvEventSink::Place{.epoch = "7", .next = 42}));
}

TEST(KvEvents, OfABlockThatMovesToTheHostAndBackLeaveItResident) {
  const BlockHash moved{.low = 1, .high = 2};
  Resident sink;
  KvEventStream stream(sink);
  engine::KvEventLog log(7, 10);
  const auto tell = [&] {
    ASSERT_TRUE(log.commit());
    read_all(engine::kv_batch_event(7, log.last()), stream);
  };
  read_all(engine::kv_snapshot_events(7, 0, {}).front(), stream);
  log.note_stored(moved);
  tell();
  EXPECT_TRUE(sink.blocks.contains({2, 1}));
  log.note_removed(moved);
  log.note_stored(moved, engine::KvMedium::kHost);
  tell();
  EXPECT_TRUE(sink.blocks.contains({2, 1}));
  log.note_stored(moved);
  log.note_removed(moved, engine::KvMedium::kHost);
  tell();
  EXPECT_TRUE(sink.blocks.contains({2, 1}));
  log.note_removed(moved);
  tell();
  EXPECT_TRUE(sink.blocks.empty());
}

}  // namespace
}  // namespace ringmaster
