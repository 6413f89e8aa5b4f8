#include "fleet/home_rings.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ringmaster {
namespace {

/// A random fleet: names that share prefixes, capacities from a quarter to four.
class RandomFleet {
 public:
  explicit RandomFleet(std::uint64_t seed) : random_(seed) {
    const std::uint32_t count = 2 + static_cast<std::uint32_t>(random_.below(20));
    for (std::uint32_t slot = 0; slot < count; ++slot) add();
  }

  InstanceId add() {
    const InstanceId id{static_cast<std::uint32_t>(names_.size())};
    names_.push_back("node-" + std::to_string(random_.next()) + ":80");
    capacities_.push_back(0.25 * static_cast<double>(1 + random_.below(16)));
    rings_.add(id, names_.back(), capacities_.back());
    live_.push_back(id);
    return id;
  }

  void remove(InstanceId id) {
    rings_.remove(id, names_[id.value], capacities_[id.value]);
    std::erase(live_, id);
  }

  [[nodiscard]] Homes homes(std::uint64_t key) const {
    return rings_.find(key, live_.size(), [](InstanceId) { return true; });
  }

  [[nodiscard]] InstanceId any() { return live_[random_.below(live_.size())]; }
  [[nodiscard]] std::uint64_t key() { return random_.next(); }
  [[nodiscard]] std::size_t size() const { return live_.size(); }
  [[nodiscard]] const std::string& name(InstanceId id) const { return names_[id.value]; }
  [[nodiscard]] double capacity(InstanceId id) const { return capacities_[id.value]; }
  [[nodiscard]] const std::vector<InstanceId>& live() const { return live_; }
  [[nodiscard]] std::uint64_t digest() const { return rings_.membership_digest(); }

 private:
  Random random_;
  HomeRings rings_{160};
  std::vector<std::string> names_;
  std::vector<double> capacities_;
  std::vector<InstanceId> live_;
};

bool contains(const Homes& homes, InstanceId id) {
  return std::ranges::count(homes.span(), id) > 0;
}

TEST(HomeRings, PairIsAlwaysTwoDifferentInstances) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    RandomFleet fleet(seed);
    for (int i = 0; i < 300; ++i) {
      const Homes homes = fleet.homes(fleet.key());
      ASSERT_EQ(homes.size(), 2U) << "seed=" << seed;
      ASSERT_NE(homes[0], homes[1]) << "seed=" << seed;
    }
  }
}

TEST(HomeRings, GivesOneHomeInAFleetOfOneAndNoneInAnEmptyOne) {
  HomeRings rings(160);
  const auto anyone = [](InstanceId) { return true; };
  EXPECT_TRUE(rings.find(1, 0, anyone).empty());
  rings.add({0}, "only", 1.0);
  EXPECT_EQ(rings.find(1, 1, anyone).size(), 1U);
}

TEST(HomeRings, RemovalChangesOnlyPairsThatContainedTheInstance) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    RandomFleet fleet(seed);
    fleet.add();
    std::map<std::uint64_t, Homes> before;
    for (int i = 0; i < 500; ++i) {
      const std::uint64_t key = fleet.key();
      before.emplace(key, fleet.homes(key));
    }
    const InstanceId gone = fleet.any();
    fleet.remove(gone);
    for (const auto& [key, pair] : before) {
      const Homes after = fleet.homes(key);
      if (contains(pair, gone)) {
        ASSERT_FALSE(contains(after, gone));
      } else {
        ASSERT_EQ(after[0], pair[0]) << "seed=" << seed;
        ASSERT_EQ(after[1], pair[1]) << "seed=" << seed;
      }
    }
  }
}

TEST(HomeRings, RemovalMovesTheFirstHomeOnlyOfItsOwnKeys) {
  for (std::uint64_t seed = 31; seed <= 50; ++seed) {
    RandomFleet fleet(seed);
    const InstanceId gone = fleet.any();
    std::map<std::uint64_t, InstanceId> before;
    for (int i = 0; i < 500; ++i) {
      const std::uint64_t key = fleet.key();
      before.emplace(key, fleet.homes(key)[0]);
    }
    fleet.remove(gone);
    for (const auto& [key, first] : before) {
      if (first != gone) {
        ASSERT_EQ(fleet.homes(key)[0], first) << "seed=" << seed;
      }
    }
  }
}

TEST(HomeRings, JoiningMovesAboutItsShareOfKeysOnEachRing) {
  int moved = 0;
  double expected = 0.0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    RandomFleet fleet(seed);
    std::map<std::uint64_t, InstanceId> before;
    for (int i = 0; i < 500; ++i) {
      const std::uint64_t key = fleet.key();
      before.emplace(key, fleet.homes(key)[0]);
    }
    const InstanceId joined = fleet.add();
    double capacity = 0.0;
    for (const InstanceId id : fleet.live()) capacity += fleet.capacity(id);
    expected += 500.0 * fleet.capacity(joined) / capacity;
    for (const auto& [key, first] : before) {
      if (fleet.homes(key)[0] != first) ++moved;
    }
  }
  EXPECT_NEAR(moved, expected, 0.15 * expected);
}

TEST(HomeRings, TwoGatewaysAgreeWhateverTheOrderAndTheSlots) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    RandomFleet fleet(seed);
    HomeRings other(160);
    std::vector<std::string> names;
    std::vector<InstanceId> reversed(fleet.live().rbegin(), fleet.live().rend());
    for (const InstanceId id : reversed) {
      other.add({static_cast<std::uint32_t>(names.size())}, fleet.name(id), fleet.capacity(id));
      names.push_back(fleet.name(id));
    }
    EXPECT_EQ(other.membership_digest(), fleet.digest());
    for (int i = 0; i < 300; ++i) {
      const std::uint64_t key = fleet.key();
      const Homes here = fleet.homes(key);
      const Homes there = other.find(key, names.size(), [](InstanceId) { return true; });
      ASSERT_EQ(fleet.name(here[0]), names[there[0].value]) << "seed=" << seed;
      ASSERT_EQ(fleet.name(here[1]), names[there[1].value]) << "seed=" << seed;
    }
  }
}

TEST(HomeRings, DigestTellsDifferentMembershipsApart) {
  HomeRings rings(160);
  const std::uint64_t empty = rings.membership_digest();
  rings.add({0}, "a", 1.0);
  const std::uint64_t one = rings.membership_digest();
  rings.add({1}, "b", 1.0);
  EXPECT_NE(rings.membership_digest(), one);
  rings.remove({1}, "b", 1.0);
  EXPECT_EQ(rings.membership_digest(), one);
  EXPECT_NE(one, empty);
  HomeRings heavier(160);
  heavier.add({0}, "a", 2.0);
  EXPECT_NE(heavier.membership_digest(), one);
}

TEST(HomeRings, SkipsIneligibleInstancesOnBothRings) {
  RandomFleet fleet(9);
  HomeRings rings(160);
  for (std::uint32_t slot = 0; slot < 6; ++slot) rings.add({slot}, "i" + std::to_string(slot), 1.0);
  const auto odd = [](InstanceId id) { return id.value % 2 == 1; };
  for (int i = 0; i < 500; ++i) {
    const Homes homes = rings.find(fleet.key(), 3, odd);
    ASSERT_EQ(homes.size(), 2U);
    ASSERT_TRUE(odd(homes[0]) && odd(homes[1]));
    ASSERT_NE(homes[0], homes[1]);
  }
}

}  // namespace
}  // namespace ringmaster
