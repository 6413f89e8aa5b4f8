#include "engine/kv_events.h"

#include <gtest/gtest.h>

namespace ringmaster::engine {
namespace {

constexpr BlockHash kA{.low = 1};
constexpr BlockHash kB{.low = 2};
constexpr BlockHash kC{.low = 3};

using Type = KvEvent::Type;

TEST(KvEventLog, NumbersBatchesFromOneWithoutGaps) {
  KvEventLog log(5, 10);
  log.note_stored(kA);
  EXPECT_TRUE(log.commit());
  log.note_removed(kA);
  EXPECT_TRUE(log.commit());
  EXPECT_EQ(log.last_sequence(), 2U);
  EXPECT_EQ(log.replay_from(1).front().sequence, 1U);
  EXPECT_EQ(log.replay_from(1).back().events,
            (std::vector<KvEvent>{{.type = Type::kRemoved, .blocks = {kA}}}));
}

TEST(KvEventLog, MakesNoBatchOfNothing) {
  KvEventLog log(5, 10);
  EXPECT_FALSE(log.commit());
  EXPECT_EQ(log.last_sequence(), 0U);
}

TEST(KvEventLog, CoalescesStoreAndRemoveOfOneBlock) {
  KvEventLog log(5, 10);
  log.note_stored(kA);
  log.note_stored(kB);
  log.note_removed(kA);
  ASSERT_TRUE(log.commit());
  EXPECT_EQ(log.last().events, (std::vector<KvEvent>{{.type = Type::kStored, .blocks = {kB}}}));
  log.note_removed(kB);
  log.note_stored(kB);
  EXPECT_FALSE(log.commit());
}

TEST(KvEventLog, DropsWhatWasNotedBeforeAClearing) {
  KvEventLog log(5, 10);
  log.note_stored(kA);
  log.note_cleared();
  log.note_stored(kC);
  ASSERT_TRUE(log.commit());
  EXPECT_EQ(log.last().events, (std::vector<KvEvent>{{.type = Type::kCleared},
                                                     {.type = Type::kStored, .blocks = {kC}}}));
}

TEST(KvEventLog, TellsABlockThatMovedAsRemovedHereAndThenStoredThere) {
  KvEventLog log(5, 10);
  log.note_stored(kA);
  ASSERT_TRUE(log.commit());
  log.note_stored(kA, KvMedium::kHost);
  log.note_removed(kA);
  log.note_stored(kB);
  ASSERT_TRUE(log.commit());
  EXPECT_EQ(
      log.last().events,
      (std::vector<KvEvent>{{.type = Type::kRemoved, .blocks = {kA}},
                            {.type = Type::kStored, .blocks = {kB}},
                            {.type = Type::kStored, .medium = KvMedium::kHost, .blocks = {kA}}}));
}

TEST(KvEventLog, CoalescesEachMediumForItself) {
  KvEventLog log(5, 10);
  log.note_stored(kA, KvMedium::kHost);
  log.note_removed(kA, KvMedium::kHost);
  log.note_stored(kA);
  ASSERT_TRUE(log.commit());
  EXPECT_EQ(log.last().events, (std::vector<KvEvent>{{.type = Type::kStored, .blocks = {kA}}}));
}

TEST(KvEventLog, ReplaysOnlyWhatItStillHolds) {
  KvEventLog log(5, 2);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    log.note_stored({.low = i});
    ASSERT_TRUE(log.commit());
  }
  EXPECT_FALSE(log.can_replay_from(0));
  EXPECT_FALSE(log.can_replay_from(1));
  EXPECT_TRUE(log.can_replay_from(2));
  EXPECT_EQ(log.replay_from(2).size(), 2U);
  EXPECT_TRUE(log.can_replay_from(4));
  EXPECT_TRUE(log.replay_from(4).empty());
  EXPECT_FALSE(log.can_replay_from(5));
}

}  // namespace
}  // namespace ringmaster::engine
