#include "sim/reuse_distance.h"

#include <algorithm>
#include <list>
#include <map>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ringmaster::sim {
namespace {

TEST(ReuseDistance, IsAbsentForWhatIsNew) {
  ReuseDistance distance(2);
  EXPECT_EQ(distance.use(std::nullopt), std::nullopt);
}

TEST(ReuseDistance, CountsItselfAndEachOtherOnce) {
  ReuseDistance distance(6);  // Uses: a b b c a a.
  distance.use(std::nullopt);
  distance.use(std::nullopt);
  EXPECT_EQ(distance.use(1), 1U);
  distance.use(std::nullopt);
  EXPECT_EQ(distance.use(0), 3U);
  EXPECT_EQ(distance.use(4), 1U);
}

TEST(ReuseDistance, IsThePlaceInAnLruStack) {
  Random random(9);
  ReuseDistance distance(2000);
  std::list<std::uint64_t> stack;  // The latest first.
  std::map<std::uint64_t, std::size_t> last;
  for (std::size_t use = 0; use < 2000; ++use) {
    const std::uint64_t thing = random.below(40) * random.below(3);
    const auto place = std::ranges::find(stack, thing);
    if (place == stack.end()) {
      EXPECT_EQ(distance.use(std::nullopt), std::nullopt);
    } else {
      const auto depth = static_cast<std::size_t>(std::distance(stack.begin(), place)) + 1;
      EXPECT_EQ(distance.use(last[thing]), depth);
      stack.erase(place);
    }
    stack.push_front(thing);
    last[thing] = use;
  }
}

}  // namespace
}  // namespace ringmaster::sim
