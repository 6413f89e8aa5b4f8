#include "fleet/health_tracker.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

TEST(HealthTracker, StartsSuspectAndTrustsTheFirstAnswer) {
  HealthTracker tracker(3, 2);
  EXPECT_EQ(tracker.health(), Health::kSuspect);
  EXPECT_EQ(tracker.good_probe(), Health::kHealthy);
}

TEST(HealthTracker, SuspectsAfterOneFailureAndBuriesAfterThree) {
  HealthTracker tracker(3, 2);
  tracker.good_probe();
  EXPECT_EQ(tracker.failure(), Health::kSuspect);
  EXPECT_EQ(tracker.failure(), std::nullopt);
  EXPECT_EQ(tracker.failure(), Health::kDead);
}

TEST(HealthTracker, ComesBackSlowly) {
  HealthTracker tracker(1, 2);
  tracker.good_probe();
  tracker.failure();
  EXPECT_EQ(tracker.good_probe(), Health::kSuspect);
  EXPECT_EQ(tracker.good_probe(), Health::kHealthy);
}

TEST(HealthTracker, StartsTheWayBackAgainAfterAFailure) {
  HealthTracker tracker(3, 2);
  tracker.good_probe();
  tracker.failure();
  tracker.good_probe();
  tracker.failure();
  EXPECT_EQ(tracker.good_probe(), std::nullopt);
  EXPECT_EQ(tracker.good_probe(), Health::kHealthy);
}

TEST(HealthTracker, NeverBuriesASilentOne) {
  HealthTracker tracker(2, 2);
  tracker.good_probe();
  EXPECT_EQ(tracker.silence(), Health::kSuspect);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(tracker.silence(), std::nullopt);
  EXPECT_EQ(tracker.health(), Health::kSuspect);
}

TEST(HealthTracker, TrustsTheFirstAnswerOfAnInstanceThatWasSlowToStart) {
  HealthTracker tracker(1, 5);
  EXPECT_EQ(tracker.failure(), Health::kDead);
  EXPECT_EQ(tracker.good_probe(), Health::kHealthy);
}

}  // namespace
}  // namespace ringmaster
