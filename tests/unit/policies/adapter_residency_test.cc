#include "policies/adapter_residency.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

TEST(AdapterResidency, TakesThePlaceOfTheOneUsedLongestAgo) {
  AdapterResidency adapters(3);
  for (const std::uint64_t adapter : {7U, 8U, 9U, 7U, 10U}) adapters.used({0}, adapter);
  EXPECT_FALSE(adapters.has({0}, 8));
  EXPECT_TRUE(adapters.has({0}, 7));
  EXPECT_TRUE(adapters.has({0}, 9));
  EXPECT_TRUE(adapters.has({0}, 10));
}

TEST(AdapterResidency, HasAFreeSlotUntilAllAreUsed) {
  AdapterResidency adapters(2);
  EXPECT_TRUE(adapters.has_free_slot({0}));
  adapters.used({0}, 7);
  adapters.used({0}, 7);
  EXPECT_TRUE(adapters.has_free_slot({0}));
  adapters.used({0}, 8);
  EXPECT_FALSE(adapters.has_free_slot({0}));
  adapters.forget({0});
  EXPECT_TRUE(adapters.has_free_slot({0}));
  EXPECT_FALSE(adapters.has({0}, 7));
}

TEST(AdapterResidency, AlwaysHasTheModelItself) {
  AdapterResidency adapters(1);
  adapters.used({0}, 0);
  EXPECT_TRUE(adapters.has({0}, 0));
  EXPECT_TRUE(adapters.has({5}, 0));
  EXPECT_TRUE(adapters.has_free_slot({0}));
}

}  // namespace
}  // namespace ringmaster
