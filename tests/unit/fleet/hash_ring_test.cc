#include "fleet/hash_ring.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ringmaster {
namespace {

constexpr auto kAnyone = [](InstanceId) { return true; };

InstanceId home(const HashRing& ring, std::uint64_t key) {
  InstanceId found{~0U};
  EXPECT_TRUE(ring.find(key, kAnyone, found));
  return found;
}

std::string name_of(std::uint32_t slot) {
  return "instance-" + std::to_string(slot);
}

HashRing ring_of(std::uint32_t count, std::uint64_t seed = 1) {
  HashRing ring(seed, 160);
  for (std::uint32_t slot = 0; slot < count; ++slot) ring.add({slot}, name_of(slot), 1.0);
  return ring;
}

TEST(HashRing, FindsNobodyWhileItIsEmpty) {
  const HashRing ring(1, 160);
  InstanceId found;
  EXPECT_FALSE(ring.find(7, kAnyone, found));
}

TEST(HashRing, FindsNobodyWhereNobodyIsEligible) {
  InstanceId found;
  EXPECT_FALSE(ring_of(3).find(
      7, [](InstanceId) { return false; }, found));
}

TEST(HashRing, PlacesPointsByCapacity) {
  HashRing ring(1, 100);
  ring.add({0}, "whole", 1.0);
  EXPECT_EQ(ring.point_count(), 100U);
  ring.add({1}, "half", 0.5);
  EXPECT_EQ(ring.point_count(), 150U);
  ring.add({2}, "least", 0.01);
  EXPECT_EQ(ring.point_count(), 151U);
  ring.remove({1});
  EXPECT_EQ(ring.point_count(), 101U);
}

TEST(HashRing, FindsTheFirstPointClockwiseOfEveryKey) {
  // Against the definition: the ring of one instance less tells who comes next.
  const HashRing ring = ring_of(16);
  Random random(3);
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t key = random.next();
    const InstanceId first = home(ring, key);
    InstanceId next;
    ASSERT_TRUE(ring.find(
        key, [&](InstanceId other) { return other != first; }, next));
    HashRing without = ring;
    without.remove(first);
    ASSERT_EQ(home(without, key), next);
  }
}

TEST(HashRing, SpreadsKeysEvenly) {
  const HashRing ring = ring_of(8);
  std::vector<int> keys(8);
  Random random(4);
  for (int i = 0; i < 80'000; ++i) ++keys[home(ring, random.next()).value];
  for (const int count : keys) EXPECT_NEAR(count, 10'000, 2'500);
}

TEST(HashRing, RingsOfDifferentSeedsAreIndependent) {
  const HashRing first = ring_of(8, 1);
  const HashRing second = ring_of(8, 2);
  Random random(5);
  int same = 0;
  for (int i = 0; i < 8000; ++i) {
    const std::uint64_t key = random.next();
    if (home(first, key) == home(second, key)) ++same;
  }
  EXPECT_NEAR(same, 1000, 250);
}

TEST(HashRing, JoiningMovesAboutOneShareOfTheKeysAndOnlyToTheNewInstance) {
  Random random(6);
  for (const std::uint32_t count : {2U, 5U, 16U, 60U}) {
    const HashRing before = ring_of(count);
    const HashRing after = ring_of(count + 1);
    int moved = 0;
    for (int i = 0; i < 20'000; ++i) {
      const std::uint64_t key = random.next();
      const InstanceId now = home(after, key);
      if (now == home(before, key)) continue;
      ++moved;
      ASSERT_EQ(now, InstanceId{count});
    }
    EXPECT_LT(moved, 1.4 * 20'000 / (count + 1));
    EXPECT_GT(moved, 0.6 * 20'000 / (count + 1));
  }
}

TEST(HashRing, DoesNotDependOnTheOrderOfAdditionsNorOnSlots) {
  HashRing forward(1, 160);
  HashRing backward(1, 160);
  for (std::uint32_t slot = 0; slot < 9; ++slot) {
    forward.add({slot}, name_of(slot), 1.0);
    backward.add({slot}, name_of(8 - slot), 1.0);
  }
  Random random(7);
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t key = random.next();
    ASSERT_EQ(home(forward, key).value, 8 - home(backward, key).value);
  }
}

TEST(HashText, DependsOnEveryByteAndTheSeed) {
  EXPECT_EQ(hash_text(1, "instance-a"), hash_text(1, "instance-a"));
  EXPECT_NE(hash_text(1, "instance-a"), hash_text(2, "instance-a"));
  EXPECT_NE(hash_text(1, "instance-a"), hash_text(1, "instance-b"));
  EXPECT_NE(hash_text(1, ""), hash_text(1, std::string(1, '\0')));
}

// Gateways of different builds must agree: these bits may never change.
TEST(HashText, GivesTheSameBitsForever) {
  EXPECT_EQ(hash_text(0, ""), 12035550249420947055ULL);
  EXPECT_EQ(hash_text(1, "instance-a"), 9204037234343442335ULL);
}

TEST(HashRing, DependsOnItsInstancesAndNotOnHowItGrew) {
  // 40 instances pass several doublings of the buckets; removal counts them anew.
  HashRing grown(1, 160);
  for (std::uint32_t slot = 40; slot-- > 0;) grown.add({slot}, name_of(slot), 1.0);
  for (std::uint32_t slot = 40; slot < 50; ++slot) grown.add({slot}, name_of(slot), 2.0);
  for (std::uint32_t slot = 40; slot < 50; ++slot) grown.remove({slot});
  const HashRing ring = ring_of(40);
  Random random(5);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t key = random.next();
    ASSERT_EQ(home(grown, key), home(ring, key));
  }
}

// Gateways of different builds must agree: these homes may never change.
TEST(HashRing, GivesTheSameHomesForever) {
  const HashRing ring = ring_of(12);
  const std::vector<std::uint32_t> homes = {3, 5, 5, 0, 6, 4, 1, 10, 6, 4, 3, 10, 4, 10, 5, 6};
  for (std::uint64_t key = 0; key < homes.size(); ++key) {
    EXPECT_EQ(home(ring, key).value, homes[key]) << key;
  }
}

/// The definition of a ring: all points in one list, searched from its beginning.
class PlainRing {
 public:
  explicit PlainRing(std::uint64_t seed) : seed_(seed) {}

  void add(std::uint32_t slot, const std::string& name, std::uint32_t points) {
    for (std::uint32_t point = 1; point <= points; ++point) {
      points_[{mix64(hash_text(seed_, name) + 0x9e3779b97f4a7c15ULL * point), name}] = slot;
    }
  }
  void remove(std::uint32_t slot) {
    std::erase_if(points_, [slot](const auto& point) { return point.second == slot; });
  }
  /// ~0 if nobody is eligible.
  template <class Eligible>
  [[nodiscard]] std::uint32_t find(std::uint64_t key, const Eligible& eligible) const {
    const auto start = points_.lower_bound({mix64(key ^ seed_), ""});
    for (auto at = start; at != points_.end(); ++at) {
      if (eligible(at->second)) return at->second;
    }
    for (auto at = points_.begin(); at != start; ++at) {
      if (eligible(at->second)) return at->second;
    }
    return ~0U;
  }

 private:
  std::uint64_t seed_;
  std::map<std::pair<std::uint64_t, std::string>, std::uint32_t> points_;
};

/// Picks a slot; adds it in `percent_added` of all cases, else removes it, unless it is so already.
void change(Random& random, std::uint64_t percent_added, std::vector<bool>& is_there,
            HashRing& ring, PlainRing& plain) {
  const auto slot = static_cast<std::uint32_t>(random.below(is_there.size()));
  const bool adds = random.below(100) < percent_added;
  if (adds == is_there[slot]) return;
  is_there[slot] = adds;
  if (adds) {
    const auto quarters = static_cast<std::uint32_t>(1 + random.below(8));
    ring.add({slot}, name_of(slot), 0.25 * quarters);
    plain.add(slot, name_of(slot), 10 * quarters);
  } else {
    ring.remove({slot});
    plain.remove(slot);
  }
}

TEST(HashRing, IsAtEveryMomentWhatItsPointsInOrderSay) {
  HashRing ring(11, 40);
  PlainRing plain(11);
  Random random(12);
  std::vector<bool> is_there(64);
  for (int step = 0; step < 1500; ++step) {
    // It fills, empties to a few instances, and fills again: the table grows and shrinks.
    change(random, step / 300 % 2 == 0 ? 90 : 5, is_there, ring, plain);
    for (int i = 0; i < 8; ++i) {
      const std::uint64_t key = random.next();
      const auto few = [](std::uint32_t slot) { return slot % 16 == 3; };
      InstanceId found{~0U};
      ring.find(key, kAnyone, found);
      ASSERT_EQ(found.value, plain.find(key, [](std::uint32_t) { return true; })) << step;
      found = {~0U};
      ring.find(
          key, [&](InstanceId instance) { return few(instance.value); }, found);
      ASSERT_EQ(found.value, plain.find(key, few)) << step;
    }
  }
}

TEST(HashRing, IsEmptyAgainWhenAllHaveLeft) {
  HashRing ring = ring_of(20);
  for (std::uint32_t slot = 0; slot < 20; ++slot) ring.remove({slot});
  EXPECT_EQ(ring.point_count(), 0U);
  InstanceId found;
  EXPECT_FALSE(ring.find(7, kAnyone, found));
}

TEST(HashRing, ForgetsNothingWhenWhoIsNotThereLeaves) {
  HashRing ring = ring_of(3);
  ring.remove({7});
  ring.remove({1});
  ring.remove({1});
  EXPECT_EQ(ring.point_count(), 320U);
}

}  // namespace
}  // namespace ringmaster
