#include "fleet/instance_owner.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

const std::vector<std::string> kThree = {"a", "b", "c"};

TEST(InstanceOwner, IsTheOnlyGateway) {
  EXPECT_EQ(owner_of("instance-0", std::vector<std::string>{"a"}), 0U);
}

TEST(InstanceOwner, DoesNotDependOnTheOrderOfTheList) {
  const std::vector<std::string> turned = {"c", "a", "b"};
  for (int i = 0; i < 100; ++i) {
    const std::string name = "instance-" + std::to_string(i);
    EXPECT_EQ(kThree[owner_of(name, kThree)], turned[owner_of(name, turned)]);
  }
}

TEST(InstanceOwner, IsSpreadAboutEvenly) {
  std::array<int, 3> owned{};
  for (int i = 0; i < 3000; ++i) ++owned.at(owner_of("instance-" + std::to_string(i), kThree));
  for (const int count : owned) EXPECT_NEAR(count, 1000, 100);
}

TEST(InstanceOwner, ChangesForTheShareOfAGatewayThatLeavesAlone) {
  const std::vector<std::string> two = {"a", "c"};
  for (int i = 0; i < 300; ++i) {
    const std::string name = "instance-" + std::to_string(i);
    const std::string& before = kThree[owner_of(name, kThree)];
    if (before == "b") continue;
    EXPECT_EQ(two[owner_of(name, two)], before);
  }
}

}  // namespace
}  // namespace ringmaster
