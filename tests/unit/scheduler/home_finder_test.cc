#include "scheduler/home_finder.h"

#include <string>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ringmaster {
namespace {

class HomeFinderTest : public ::testing::Test {
 protected:
  HomeFinderTest() {
    for (std::uint32_t slot = 0; slot < 100; ++slot) {
      fleet_.add({slot}, {.name = "i" + std::to_string(slot)}, ResidencySource::kEvents);
    }
  }

  [[nodiscard]] RoutingQuery found(std::uint64_t first_block, std::uint64_t session,
                                   bool by_session) {
    request_ = {.id = {1}, .chain = {{.low = first_block, .high = 0}}, .session = session};
    RoutingQuery query{.request = request_, .candidates = fleet_.eligible()};
    finder_.find(query, fleet_, by_session);
    return query;
  }

  FleetState fleet_{160, 1000};
  HomeFinder finder_{HotnessOptions{}};
  RequestSpec request_;
};

TEST_F(HomeFinderTest, HashesThePromptWhateverTheSession) {
  EXPECT_EQ(found(11, 7, false).key, 11U);
  EXPECT_EQ(found(11, 8, false).key_blocks, 1U);
}

TEST_F(HomeFinderTest, GivesASessionTheSameHomesForEveryPrompt) {
  const RoutingQuery first = found(11, 7, true);
  const RoutingQuery second = found(22, 7, true);
  EXPECT_EQ(first.key, second.key);
  EXPECT_EQ(first.homes[0], second.homes[0]);
  EXPECT_EQ(first.homes[1], second.homes[1]);
  EXPECT_EQ(first.key_blocks, 0U);
  EXPECT_NE(found(11, 8, true).key, first.key);
}

TEST_F(HomeFinderTest, HashesThePromptOfARequestWithoutASession) {
  EXPECT_EQ(found(11, 0, true).key, 11U);
}

/// 3,000 requests that begin with the same `shared` blocks of 16 tokens and go on by themselves.
TEST_F(HomeFinderTest, ReachesBehindALongSharedPromptOfSmallBlocks) {
  constexpr std::uint64_t kShared = 250;  // 4,000 tokens.
  const auto request = [&](std::uint64_t which) {
    RequestSpec spec{.id = {which}, .block_tokens = 16};
    for (std::uint64_t i = 0; i < 320; ++i) {
      spec.chain.push_back({.low = mix64(i < kShared ? i + 1 : which * 1000 + i), .high = 0});
    }
    return spec;
  };
  for (std::uint64_t i = 1; i <= 3000; ++i) finder_.observe(request(i), 100);
  const RequestSpec one = request(1);
  const RequestSpec other = request(2);
  RoutingQuery query{.request = one, .candidates = fleet_.eligible()};
  finder_.find(query, fleet_, false);
  EXPECT_EQ(query.key_blocks, 256U);  // The first landmark that is its own.
  const std::uint64_t key = query.key;
  RoutingQuery second{.request = other, .candidates = fleet_.eligible()};
  finder_.find(second, fleet_, false);
  EXPECT_NE(second.key, key);
}

}  // namespace
}  // namespace ringmaster
