#include "scheduler/timer_heap.h"

#include <map>
#include <utility>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ringmaster {
namespace {

TimePoint at(std::int64_t nanoseconds) {
  return TimePoint(Duration(nanoseconds));
}

TEST(TimerHeap, GivesTheEarliestFirstAndEqualOnesAsTheyWereSet) {
  TimerHeap timers;
  timers.set(1, at(20));
  timers.set(2, at(10));
  timers.set(3, at(10));
  EXPECT_EQ(timers.next_time(), at(10));
  EXPECT_EQ(timers.pop(), 2U);
  EXPECT_EQ(timers.pop(), 3U);
  EXPECT_EQ(timers.pop(), 1U);
  EXPECT_TRUE(timers.empty());
}

TEST(TimerHeap, ReplacesTheTimerOfAKey) {
  TimerHeap timers;
  timers.set(1, at(10));
  timers.set(1, at(30));
  EXPECT_EQ(timers.next_time(), at(30));
  timers.pop();
  EXPECT_TRUE(timers.empty());
}

TEST(TimerHeap, ForgetsACancelledTimer) {
  TimerHeap timers;
  timers.set(1, at(10));
  timers.cancel(1);
  timers.cancel(1);
  timers.cancel(99);
  EXPECT_TRUE(timers.empty());
}

TEST(TimerHeap, BehavesAsASortedMapUnderRandomChanges) {
  Random random(4);
  TimerHeap timers;
  std::map<std::pair<TimePoint, std::uint64_t>, std::uint32_t> model;  // (time, set when) -> key.
  std::map<std::uint32_t, std::pair<TimePoint, std::uint64_t>> by_key;
  for (std::uint64_t step = 0; step < 30'000; ++step) {
    const auto key = static_cast<std::uint32_t>(random.below(200));
    const std::uint64_t choice = random.below(4);
    if (choice < 3 && by_key.contains(key)) {
      model.erase(by_key[key]);
      by_key.erase(key);
      if (choice == 2) timers.cancel(key);
    }
    if (choice < 2) {
      const TimePoint time = at(static_cast<std::int64_t>(random.below(50)));
      timers.set(key, time);
      by_key[key] = {time, step};
      model[by_key[key]] = key;
    } else if (choice == 3 && !model.empty()) {
      ASSERT_EQ(timers.next_time(), model.begin()->first.first);
      const std::uint32_t popped = timers.pop();
      ASSERT_EQ(popped, model.begin()->second);
      by_key.erase(popped);
      model.erase(model.begin());
    }
    ASSERT_EQ(timers.empty(), model.empty());
  }
}

}  // namespace
}  // namespace ringmaster
