#include "sim/prefetch_orders.h"

#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace ringmaster::sim {
namespace {

constexpr std::int32_t kBlock = 16;
constexpr std::int32_t kNoLimit = 1000;

PrefixChain chain_of(std::uint64_t name, std::uint64_t blocks) {
  PrefixChain chain;
  for (std::uint64_t i = 0; i < blocks; ++i) {
    chain.push_back({.low = mix64(name * 1000 + i), .high = name});
  }
  return chain;
}

/// Orders to a device of eight blocks before host memory for a hundred.
class PrefetchOrdersTest : public ::testing::Test {
 protected:
  /// The device computes the chain and has no more use for it.
  void compute(const PrefixChain& chain) {
    std::vector<engine::BlockId> table;
    for (const BlockHash& hash : chain) {
      table.push_back(pool_.allocate());
      pool_.index(table.back(), hash, TokenSpan(tokens_).first(kBlock));
    }
    pool_.release(table);
    static_cast<void>(loads());
  }
  std::size_t loads() {
    pool_.take_copies(saves_, loads_);
    return loads_.size();
  }
  std::optional<std::size_t> order(const PrefixChain& chain, std::uint32_t steps,
                                   std::int32_t held_max = kNoLimit) {
    return orders_.order(chain, tokens_, steps, held_max);
  }
  [[nodiscard]] std::int32_t on_device(const PrefixChain& chain) const {
    const auto is_on_host = [this](const BlockHash& hash) {
      return !pool_.host_tier().find(hash).empty();
    };
    const auto cached =
        pool_.cached_blocks(chain, tokens_, static_cast<std::int32_t>(chain.size()));
    return static_cast<std::int32_t>(
        cached - std::ranges::count_if(chain.begin(), chain.begin() + cached, is_on_host));
  }

  TokenVector tokens_ = TokenVector(100 * kBlock);
  engine::KvEventLog events_{1, 1};
  engine::BlockPool pool_{8, kBlock, events_, 100};
  PrefetchOrders orders_{pool_};
  std::vector<engine::BlockCopy> saves_;
  std::vector<engine::BlockCopy> loads_;
};

TEST_F(PrefetchOrdersTest, BringBackWhatTheDeviceHasEvicted) {
  const PrefixChain first = chain_of(1, 3);
  compute(first);
  compute(chain_of(2, 8));
  ASSERT_EQ(on_device(first), 0);
  EXPECT_EQ(order(first, 1), 3U);
  EXPECT_EQ(loads(), 3U);
  EXPECT_EQ(on_device(first), 3);
}

TEST_F(PrefetchOrdersTest, KeepWhatIsStillThereWithoutACopy) {
  const PrefixChain first = chain_of(1, 3);
  compute(first);
  EXPECT_EQ(order(first, 1), 3U);
  EXPECT_EQ(loads(), 0U);
  compute(chain_of(2, 5));
  compute(chain_of(3, 5));
  EXPECT_EQ(on_device(first), 3);
}

TEST_F(PrefetchOrdersTest, HoldNothingOfWhatIsNowhere) {
  EXPECT_EQ(order(chain_of(1, 3), 1), 0U);
  EXPECT_EQ(orders_.held_blocks(), 0);
}

TEST_F(PrefetchOrdersTest, AreFulfilledByARequestThatBeginsWithThem) {
  const PrefixChain first = chain_of(1, 3);
  compute(first);
  ASSERT_TRUE(order(first, 1));
  PrefixChain longer = first;
  longer.push_back({.low = 5});
  EXPECT_EQ(orders_.used(chain_of(2, 5)), 0U);
  EXPECT_EQ(orders_.used(longer), 1U);
  EXPECT_EQ(orders_.used(longer), 0U);
  EXPECT_EQ(pool_.free_count(), 8);
  compute(chain_of(2, 8));
  EXPECT_EQ(on_device(first), 0);
}

TEST_F(PrefetchOrdersTest, AreDisplacedByNearerOnesOnly) {
  EXPECT_TRUE(order(chain_of(1, 3), 4));  // Half of the eight blocks is for orders.
  EXPECT_FALSE(order(chain_of(2, 3), 4));
  EXPECT_FALSE(order(chain_of(2, 3), 5));
  EXPECT_TRUE(order(chain_of(2, 3), 3));
  EXPECT_FALSE(order(chain_of(3, 5), 1));  // More than half by itself.
}

TEST_F(PrefetchOrdersTest, ComeNearerWhenTheyAreGivenAgain) {
  EXPECT_TRUE(order(chain_of(1, 3), 2));
  EXPECT_TRUE(order(chain_of(1, 3), 1));
  EXPECT_FALSE(order(chain_of(2, 3), 1));
}

TEST_F(PrefetchOrdersTest, AreGivenUpWhenNobodyUsesThem) {
  EXPECT_TRUE(order(chain_of(1, 4), 1));
  for (std::uint64_t i = 1; i < PrefetchOrders::kOrdersUntilStale; ++i) {
    ASSERT_FALSE(order(chain_of(2, 4), 1)) << i;
  }
  EXPECT_TRUE(order(chain_of(2, 4), 1));
}

TEST_F(PrefetchOrdersTest, GiveWayTheFarthestFirst) {
  compute(chain_of(1, 2));
  compute(chain_of(2, 2));
  EXPECT_TRUE(order(chain_of(1, 2), 1));
  EXPECT_TRUE(order(chain_of(2, 2), 2));
  EXPECT_EQ(pool_.free_count(), 4);
  orders_.give_way(5, kNoLimit);
  EXPECT_EQ(pool_.free_count(), 6);
  compute(chain_of(3, 6));
  EXPECT_EQ(on_device(chain_of(1, 2)), 2);
  orders_.give_way(0, 1);
  EXPECT_EQ(orders_.held_blocks(), 0);
}

TEST_F(PrefetchOrdersTest, HoldNoMoreThanThereIsRoomFor) {
  compute(chain_of(1, 4));
  EXPECT_EQ(order(chain_of(1, 4), 1, 3), 3U);
}

TEST_F(PrefetchOrdersTest, TakeNoBlockThatIsHeld) {
  compute(chain_of(1, 3));
  compute(chain_of(2, 8));
  std::vector<engine::BlockId> running;
  for (int i = 0; i < 7; ++i) running.push_back(pool_.allocate());
  EXPECT_EQ(order(chain_of(1, 3), 1), 1U);
  EXPECT_EQ(pool_.free_count(), 0);
}

}  // namespace
}  // namespace ringmaster::sim
