#include <gtest/gtest.h>

#include "policies/recent_map.h"
#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {
namespace {

class SessionAffinityTest : public PolicyFixture {
 protected:
  SessionAffinityTest() { make("session_affinity"); }

  std::uint32_t chosen_for(std::uint64_t session) {
    request_.session = session;
    return chosen();
  }
};

TEST_F(SessionAffinityTest, GivesANewSessionToTheLeastLoadedAndStaysThere) {
  for (const std::uint32_t slot : {0U, 1U, 3U}) load(slot).decoding_requests = 1;
  EXPECT_EQ(chosen_for(7), 2U);
  load(2).decoding_requests = 50;
  EXPECT_EQ(chosen_for(7), 2U);
  EXPECT_EQ(choose().reason, "session_home");
  EXPECT_NE(chosen_for(8), 2U);
}

TEST_F(SessionAffinityTest, BalancesRequestsWithoutASession) {
  load(2).decoding_requests = 1;
  for (int i = 0; i < 8; ++i) EXPECT_NE(chosen_for(0), 2U);
  EXPECT_EQ(choose().reason, "no_session_least_load");
}

TEST_F(SessionAffinityTest, FindsANewHomeWhenTheOldOneIsDead) {
  const std::uint32_t home = chosen_for(7);
  fleet_.set_health({home}, Health::kDead);
  const std::uint32_t next = chosen_for(7);
  EXPECT_NE(next, home);
  fleet_.set_health({home}, Health::kHealthy);
  EXPECT_EQ(chosen_for(7), next);
}

TEST_F(SessionAffinityTest, DoesNotTakeANewInstanceInTheOldSlotForTheHome) {
  const std::uint32_t home = chosen_for(7);
  fleet_.remove({home});
  fleet_.add({home}, {.name = "another"}, ResidencySource::kEvents);
  EXPECT_EQ(choose().reason, "new_home_least_load");
}

TEST_F(SessionAffinityTest, ForgetsASessionAfterFourIdleHours) {
  (void)chosen_for(7);
  now_ += std::chrono::hours(4);
  EXPECT_EQ(choose().reason, "session_home");
  now_ += std::chrono::hours(4) + std::chrono::seconds(1);
  EXPECT_EQ(choose().reason, "new_home_least_load");
}

TEST_F(SessionAffinityTest, ForgetsTheSessionUsedLongestAgoWhenFull) {
  make("session_affinity:sessions_max=2");
  for (const std::uint64_t session : {1U, 2U, 1U, 3U}) (void)chosen_for(session);
  request_.session = 2;
  EXPECT_EQ(choose().reason, "new_home_least_load");
  request_.session = 3;
  EXPECT_EQ(choose().reason, "session_home");
}

TEST(RecentMap, NeverHoldsMoreThanItsSize) {
  RecentMap<int> map(3);
  for (std::uint64_t key = 0; key < 100; ++key) map.put(key, static_cast<int>(key));
  EXPECT_EQ(map.size(), 3U);
  EXPECT_EQ(map.use(96), nullptr);
  EXPECT_EQ(*map.use(97), 97);
}

}  // namespace
}  // namespace ringmaster
