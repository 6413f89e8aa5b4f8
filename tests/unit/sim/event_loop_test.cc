#include "sim/event_loop.h"

#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

constexpr TimePoint at(std::int64_t nanoseconds) {
  return TimePoint(Duration(nanoseconds));
}

TEST(EventLoop, HandsOutTheEarliestFirst) {
  EventLoop loop;
  loop.schedule(at(20), OccurrenceKind::kArrival, 1);
  loop.schedule(at(10), OccurrenceKind::kArrival, 2);
  EXPECT_EQ(loop.next()->subject, 2U);
  EXPECT_EQ(loop.next()->subject, 1U);
}

TEST(EventLoop, KeepsTheOrderOfSchedulingAmongEqualTimes) {
  EventLoop loop;
  loop.schedule(at(10), OccurrenceKind::kStepEnd, 1);
  loop.schedule(at(10), OccurrenceKind::kArrival, 2);
  loop.schedule(at(10), OccurrenceKind::kWake, 3);
  EXPECT_EQ(loop.next()->subject, 1U);
  EXPECT_EQ(loop.next()->subject, 2U);
  EXPECT_EQ(loop.next()->subject, 3U);
}

TEST(EventLoop, MovesItsClockToWhatItHandsOut) {
  EventLoop loop;
  loop.schedule(at(10), OccurrenceKind::kArrival, 0);
  EXPECT_EQ(loop.now(), at(0));
  ASSERT_TRUE(loop.next().has_value());
  EXPECT_EQ(loop.now(), at(10));
}

TEST(EventLoop, HasNothingWhenNothingWasScheduled) {
  EventLoop loop;
  EXPECT_FALSE(loop.next().has_value());
}

}  // namespace
}  // namespace ringmaster::sim
