#include "engine/cpu/thread_pool.h"

#include <atomic>
#include <vector>

#include <gtest/gtest.h>

namespace ringmaster::engine {
namespace {

TEST(ThreadPool, RunsEachPartOnce) {
  ThreadPool pool(3);
  std::vector<int> runs(100);
  pool.run(100, [&](std::int32_t part) { ++runs[static_cast<std::size_t>(part)]; });
  EXPECT_EQ(runs, std::vector<int>(100, 1));
}

TEST(ThreadPool, WorksWithoutHelpers) {
  ThreadPool pool(1);
  int runs = 0;
  pool.run(5, [&](std::int32_t) { ++runs; });
  EXPECT_EQ(runs, 5);
}

TEST(ThreadPool, DoesNothingForNoParts) {
  ThreadPool pool(2);
  pool.run(0, [](std::int32_t) { FAIL(); });
}

// What one round wrote, the next one reads: a helper left over from an earlier round would be seen
// here.
TEST(ThreadPool, KeepsManyShortRoundsApart) {
  ThreadPool pool(4);
  std::vector<std::int64_t> values(8);
  for (int round = 0; round < 5'000; ++round) {
    pool.run(8, [&](std::int32_t part) { values[static_cast<std::size_t>(part)] += round; });
  }
  EXPECT_EQ(values, std::vector<std::int64_t>(8, 12'497'500));
}

}  // namespace
}  // namespace ringmaster::engine
