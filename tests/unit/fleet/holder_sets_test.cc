#include "fleet/holder_sets.h"

#include <cstdint>
#include <initializer_list>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "fleet/shared_holders.h"

namespace ringmaster {
namespace {

class HolderSetsTest : public ::testing::Test {
 protected:
  HolderSetsTest() { sets.make_room_for(1000); }

  HolderSet of(std::initializer_list<std::uint32_t> slots) {
    HolderSet set;
    for (const std::uint32_t slot : slots) EXPECT_TRUE(sets.insert(set, slot));
    return set;
  }
  [[nodiscard]] std::vector<std::uint32_t> slots_of(const HolderSet& set) const {
    std::vector<std::uint32_t> slots;
    sets.for_each(set, [&](std::uint32_t slot) { slots.push_back(slot); });
    return slots;
  }
  [[nodiscard]] std::vector<std::uint32_t> slots_of(const SharedHolders& common) const {
    std::vector<std::uint32_t> slots;
    common.for_each([&](std::uint32_t slot) { slots.push_back(slot); });
    return slots;
  }

  HolderSets sets;
  using Slots = std::vector<std::uint32_t>;
};

TEST_F(HolderSetsTest, NeedsNoRowWhileAllSlotsAreBelow62) {
  HolderSet set;
  for (std::uint32_t slot = 0; slot < 62; ++slot) EXPECT_TRUE(sets.insert(set, slot));
  EXPECT_EQ(slots_of(set).size(), 62U);
  EXPECT_EQ(sets.row_count(), 0U);
}

TEST_F(HolderSetsTest, NeedsNoRowForThreeSlotsOfALargeFleet) {
  const HolderSet set = of({999, 3, 500});
  EXPECT_EQ(slots_of(set), (Slots{3, 500, 999}));
  EXPECT_TRUE(sets.is_list(set));
  EXPECT_EQ(sets.row_count(), 0U);
}

TEST_F(HolderSetsTest, TakesARowForTheFourthAndGivesItBackAtTwo) {
  HolderSet set = of({999, 3, 500, 64});
  EXPECT_EQ(sets.row_count(), 1U);
  EXPECT_TRUE(sets.erase(set, 500));
  EXPECT_EQ(sets.row_count(), 1U);
  EXPECT_TRUE(sets.erase(set, 3));
  EXPECT_EQ(sets.row_count(), 0U);
  EXPECT_EQ(slots_of(set), (Slots{64, 999}));
}

TEST_F(HolderSetsTest, UsesAClearedRowAgain) {
  HolderSet first = of({100, 200, 300, 400});
  for (const std::uint32_t slot : {100, 200, 300, 400}) EXPECT_TRUE(sets.erase(first, slot));
  EXPECT_TRUE(first.empty());
  EXPECT_EQ(slots_of(of({101, 201, 301, 401})), (Slots{101, 201, 301, 401}));
  EXPECT_EQ(sets.row_count(), 1U);
}

TEST_F(HolderSetsTest, SaysWhetherAnythingChanged) {
  HolderSet set = of({7});
  EXPECT_FALSE(sets.insert(set, 7));
  EXPECT_FALSE(sets.erase(set, 8));
  EXPECT_FALSE(sets.erase(set, 700));
  EXPECT_TRUE(sets.erase(set, 7));
  EXPECT_TRUE(set.empty());
}

TEST_F(HolderSetsTest, KeepsRowsWhenTheFleetGrows) {
  HolderSet set = of({100, 200, 300, 400});
  const HolderSet other = of({5, 6, 7, 999});
  sets.make_room_for(65'536);
  EXPECT_TRUE(sets.insert(set, 65'535));
  EXPECT_EQ(slots_of(set), (Slots{100, 200, 300, 400, 65'535}));
  EXPECT_EQ(slots_of(other), (Slots{5, 6, 7, 999}));
}

TEST_F(HolderSetsTest, BehavesAsSetsOfNumbersUnderRandomChanges) {
  Random random(5);
  std::vector<HolderSet> sets_under_test(20);
  std::vector<std::set<std::uint32_t>> expected(20);
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t which = random.below(20);
    // Few enough slots for each form to be entered and left often.
    const auto slot = static_cast<std::uint32_t>(58 + random.below(8));
    if (random.below(2) == 0) {
      ASSERT_EQ(sets.insert(sets_under_test[which], slot), expected[which].insert(slot).second);
    } else {
      ASSERT_EQ(sets.erase(sets_under_test[which], slot), expected[which].erase(slot) == 1);
    }
    ASSERT_EQ(slots_of(sets_under_test[which]),
              Slots(expected[which].begin(), expected[which].end()));
    ASSERT_EQ(sets_under_test[which].empty(), expected[which].empty());
  }
}

TEST_F(HolderSetsTest, FindsWhatSetsOfAnyTwoFormsShare) {
  const Slots both{3, 61};
  const HolderSet mask = of({1, 3, 61});
  const HolderSet list = of({3, 61, 700});
  const HolderSet row = of({3, 61, 500, 701, 702});
  const std::vector<HolderSet> forms{mask, list, row};
  for (std::size_t a = 0; a < forms.size(); ++a) {
    for (std::size_t b = 0; b < forms.size(); ++b) {
      SharedHolders common;
      common.assign(sets, forms[a]);
      ASSERT_TRUE(common.retain(sets, forms[b]));
      EXPECT_EQ(slots_of(common), a == b ? slots_of(forms[a]) : both) << a << ' ' << b;
    }
  }
}

TEST_F(HolderSetsTest, DropsNothingWhereNothingWouldBeLeft) {
  const std::vector<HolderSet> forms{of({1, 2}), of({3, 700}), of({4, 500, 600, 701})};
  for (std::size_t a = 0; a < forms.size(); ++a) {
    for (std::size_t b = 0; b < forms.size(); ++b) {
      if (a == b) continue;
      SharedHolders common;
      common.assign(sets, forms[a]);
      EXPECT_FALSE(common.retain(sets, forms[b]));
      EXPECT_EQ(slots_of(common), slots_of(forms[a])) << a << ' ' << b;
    }
  }
}

}  // namespace
}  // namespace ringmaster
