#include "scheduler/wait_queue.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ringmaster {
namespace {

Waiting waiting(std::uint64_t id, std::int32_t priority = 0, std::int64_t rank = 0) {
  return {.priority = priority,
          .rank = rank,
          .id = {id},
          .arrived_at = TimePoint(Duration(static_cast<std::int64_t>(id)))};
}

std::vector<std::uint64_t> drain(WaitQueue& queue) {
  std::vector<std::uint64_t> ids;
  for (; !queue.empty(); queue.pop_front()) ids.push_back(queue.front().id.value);
  return ids;
}

TEST(WaitQueue, OrdersByPriorityThenRankThenArrival) {
  WaitQueue queue;
  queue.push(waiting(3));
  queue.push(waiting(1));
  queue.push(waiting(4, 0, -500));
  queue.push(waiting(5, 1));
  queue.push(waiting(2, -1, -900));
  EXPECT_EQ(drain(queue), (std::vector<std::uint64_t>{5, 4, 1, 3, 2}));
}

TEST(WaitQueue, ErasesFromTheMiddle) {
  WaitQueue queue;
  for (std::uint64_t id = 1; id <= 3; ++id) queue.push(waiting(id));
  queue.erase(waiting(2));
  EXPECT_EQ(drain(queue), (std::vector<std::uint64_t>{1, 3}));
}

TEST(WaitQueue, KnowsTheOldestArrivalWhateverTheOrder) {
  WaitQueue queue;
  queue.push(waiting(1, -1));
  queue.push(waiting(2, 5));
  queue.push(waiting(3, 9));
  EXPECT_EQ(queue.oldest_arrival(), TimePoint(Duration(1)));
  queue.erase(waiting(1, -1));
  EXPECT_EQ(queue.oldest_arrival(), TimePoint(Duration(2)));
  queue.pop_front();
  EXPECT_EQ(queue.oldest_arrival(), TimePoint(Duration(2)));
}

TEST(WaitQueue, BehavesAsASortedListUnderRandomChanges) {
  Random random(8);
  WaitQueue queue;
  std::vector<Waiting> model;
  for (std::uint64_t id = 1; id <= 20'000; ++id) {
    const std::uint64_t choice = random.below(10);
    if (choice < 5) {
      const Waiting item = waiting(id, static_cast<std::int32_t>(random.below(3)),
                                   static_cast<std::int64_t>(random.below(4)));
      queue.push(item);
      model.insert(std::ranges::upper_bound(model, item, WaitQueue::precedes), item);
    } else if (!model.empty()) {
      const std::size_t gone = choice < 8 ? 0 : random.below(model.size());
      if (choice < 8) {
        ASSERT_EQ(queue.front().id, model[0].id);
        queue.pop_front();
      } else {
        queue.erase(model[gone]);
      }
      model.erase(model.begin() + static_cast<std::ptrdiff_t>(gone));
    }
    ASSERT_EQ(queue.size(), model.size());
    if (model.empty()) continue;
    ASSERT_EQ(queue.front().id, model.front().id);
    ASSERT_EQ(queue.oldest_arrival(), std::ranges::min(model, {}, &Waiting::arrived_at).arrived_at);
  }
}

}  // namespace
}  // namespace ringmaster
