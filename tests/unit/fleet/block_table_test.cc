#include "fleet/block_table.h"

#include <cstdint>
#include <map>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ringmaster {
namespace {

TEST(BlockTable, GivesTheSameNumberForTheSameBlock) {
  BlockTable<int> table;
  const auto number = table.insert({.low = 7, .high = 1});
  EXPECT_EQ(table.insert({.low = 7, .high = 1}), number);
  EXPECT_EQ(table.find({.low = 7, .high = 1}), number);
  EXPECT_EQ(table.hash(number), (BlockHash{.low = 7, .high = 1}));
  EXPECT_EQ(table.size(), 1U);
}

TEST(BlockTable, TellsBlocksApartThatShareHalfTheirHash) {
  BlockTable<int> table;
  const auto number = table.insert({.low = 7, .high = 1});
  EXPECT_EQ(table.find({.low = 7, .high = 2}), BlockTable<int>::kAbsent);
  EXPECT_NE(table.insert({.low = 7, .high = 2}), number);
}

TEST(BlockTable, UsesTheNumbersOfErasedBlocksAgain) {
  BlockTable<int> table;
  const auto number = table.insert({.low = 1, .high = 0});
  table.erase(number);
  EXPECT_EQ(table.find({.low = 1, .high = 0}), BlockTable<int>::kAbsent);
  EXPECT_EQ(table.insert({.low = 2, .high = 0}), number);
}

TEST(BlockTable, BehavesAsAMapUnderRandomInsertsAndErasures) {
  Random random(11);
  BlockTable<int> table;
  std::map<BlockHash, std::uint32_t> model;
  for (int step = 0; step < 60'000; ++step) {
    // Few distinct values of `low`, so that probe sequences collide and wrap.
    const BlockHash hash{.low = random.below(3000), .high = random.below(2)};
    if (random.below(2) == 0) {
      model[hash] = table.insert(hash);
    } else if (const auto found = model.find(hash); found != model.end()) {
      table.erase(found->second);
      model.erase(found);
    }
    ASSERT_EQ(table.size(), model.size());
    const auto found = model.find(hash);
    ASSERT_EQ(table.find(hash), found == model.end() ? BlockTable<int>::kAbsent : found->second);
  }
  for (const auto& [hash, number] : model) ASSERT_EQ(table.find(hash), number);
}

}  // namespace
}  // namespace ringmaster
