#include "fleet/fleet_state.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace ringmaster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

InstanceSpec spec_of(std::string name) {
  return {.name = std::move(name)};
}

FleetState fleet_of(std::uint32_t count) {
  FleetState fleet(160, 1000);
  for (std::uint32_t slot = 0; slot < count; ++slot) {
    fleet.add({slot}, spec_of("instance-" + std::to_string(slot)), ResidencySource::kMirror);
  }
  return fleet;
}

std::vector<std::uint32_t> slots(std::span<const InstanceId> instances) {
  std::vector<std::uint32_t> slots;
  for (const InstanceId instance : instances) slots.push_back(instance.value);
  return slots;
}

/// Those whose own state says that they may be given new requests.
std::vector<std::uint32_t> marked_eligible(const FleetState& fleet) {
  std::vector<std::uint32_t> slots;
  for (std::uint32_t slot = 0; slot < fleet.slot_count(); ++slot) {
    if (fleet[{slot}].is_eligible) slots.push_back(slot);
  }
  return slots;
}

TEST(FleetStateAdd, RefusesANameOrASlotThatIsTaken) {
  FleetState fleet = fleet_of(2);
  EXPECT_FALSE(fleet.add({2}, spec_of("instance-1"), ResidencySource::kMirror));
  EXPECT_FALSE(fleet.add({1}, spec_of("other"), ResidencySource::kMirror));
  EXPECT_FALSE(fleet.has({2}));
  EXPECT_THAT(slots(fleet.eligible()), ElementsAre(0, 1));
  EXPECT_TRUE(fleet.add({2}, spec_of("other"), ResidencySource::kMirror));
}

TEST(FleetStateAdd, RefusesWhatIsOutOfItsRangeAndLeavesTheNameFree) {
  FleetState fleet(160, 1000);
  EXPECT_FALSE(fleet.add({0}, {.name = "a", .capacity = 0.009}, ResidencySource::kMirror));
  EXPECT_FALSE(fleet.add({0}, {.name = "a", .capacity = 100.1}, ResidencySource::kMirror));
  EXPECT_FALSE(
      fleet.add({0}, {.name = "a", .prefill_seconds_per_token = 0.0}, ResidencySource::kMirror));
  EXPECT_FALSE(fleet.add({65'536}, spec_of("a"), ResidencySource::kMirror));
  EXPECT_TRUE(fleet.add({0}, spec_of("a"), ResidencySource::kMirror));
}

TEST(FleetStateRemove, LeavesSlotAndNameToOthers) {
  FleetState fleet = fleet_of(3);
  fleet.remove({1});
  EXPECT_THAT(slots(fleet.eligible()), ElementsAre(0, 2));
  EXPECT_TRUE(fleet.add({3}, spec_of("instance-1"), ResidencySource::kMirror));
  EXPECT_TRUE(fleet.add({1}, spec_of("new"), ResidencySource::kMirror));
  EXPECT_THAT(slots(fleet.eligible()), ElementsAre(0, 1, 2, 3));
}

TEST(FleetStateEligible, AreTheHealthyThatDoNotDrain) {
  FleetState fleet = fleet_of(5);
  fleet.set_health({1}, Health::kSuspect);
  fleet.set_health({2}, Health::kDead);
  fleet.set_draining({3}, true);
  EXPECT_THAT(slots(fleet.eligible()), ElementsAre(0, 4));
  EXPECT_THAT(slots(fleet.suspects()), ElementsAre(1));
  fleet.set_draining({3}, false);
  fleet.set_health({2}, Health::kHealthy);
  EXPECT_THAT(slots(fleet.eligible()), ElementsAre(0, 2, 3, 4));
}

TEST(FleetStateEligible, AreTheSuspectsWhereNobodyIsHealthy) {
  FleetState fleet = fleet_of(3);
  fleet.set_health({0}, Health::kDead);
  fleet.set_health({2}, Health::kSuspect);
  EXPECT_THAT(marked_eligible(fleet), ElementsAre(1));
  fleet.set_health({1}, Health::kSuspect);
  EXPECT_THAT(slots(fleet.eligible()), ElementsAre(1, 2));
  EXPECT_THAT(marked_eligible(fleet), ElementsAre(1, 2));
  fleet.set_health({0}, Health::kHealthy);
  EXPECT_THAT(slots(fleet.eligible()), ElementsAre(0));
  EXPECT_THAT(marked_eligible(fleet), ElementsAre(0));
}

TEST(FleetStateEligible, AreNoneWhereAllAreDead) {
  FleetState fleet = fleet_of(2);
  fleet.set_health({0}, Health::kDead);
  fleet.set_health({1}, Health::kDead);
  EXPECT_THAT(slots(fleet.eligible()), IsEmpty());
  EXPECT_THAT(marked_eligible(fleet), IsEmpty());
  EXPECT_TRUE(fleet.homes(1).empty());
}

/// What there is to know of one instance, as a test keeps it.
struct Known {
  bool is_present = false;
  bool is_draining = false;
  Health health = Health::kHealthy;
};

void change(Random& random, Known& known, InstanceId instance, FleetState& fleet) {
  if (!known.is_present) {
    known = {.is_present = true};
    fleet.add(instance, spec_of("n" + std::to_string(instance.value)), ResidencySource::kMirror);
  } else if (random.below(8) == 0) {
    known = {};
    fleet.remove(instance);
  } else if (random.below(2) == 0) {
    known.is_draining = random.below(2) == 0;
    fleet.set_draining(instance, known.is_draining);
  } else {
    known.health = static_cast<Health>(random.below(3));
    fleet.set_health(instance, known.health);
  }
}

std::vector<std::uint32_t> takers(const std::vector<Known>& known, Health health) {
  std::vector<std::uint32_t> slots;
  for (std::uint32_t slot = 0; slot < known.size(); ++slot) {
    const Known& one = known[slot];
    if (one.is_present && !one.is_draining && one.health == health) slots.push_back(slot);
  }
  return slots;
}

TEST(FleetStateEligible, AreAtEveryMomentWhatTheInstancesSay) {
  Random random(21);
  for (const std::size_t size : {2U, 4U, 40U}) {
    FleetState fleet(4, 1000);
    std::vector<Known> known(size);
    for (int step = 0; step < 4000; ++step) {
      const auto slot = static_cast<std::uint32_t>(random.below(size));
      change(random, known[slot], {slot}, fleet);
      const auto healthy = takers(known, Health::kHealthy);
      const auto suspects = takers(known, Health::kSuspect);
      const auto& eligible = healthy.empty() ? suspects : healthy;
      ASSERT_EQ(slots(fleet.eligible()), eligible) << step;
      ASSERT_EQ(marked_eligible(fleet), eligible) << step;
      ASSERT_EQ(slots(fleet.suspects()), suspects) << step;
    }
  }
}

}  // namespace
}  // namespace ringmaster
