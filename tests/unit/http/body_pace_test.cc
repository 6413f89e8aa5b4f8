#include "http/body_pace.h"

#include <chrono>

#include <gtest/gtest.h>

namespace ringmaster::http {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{100s};

TEST(BodyPace, AllowsAPauseAfterEachPieceOfAFastBody) {
  const BodyPace pace(30s, 1000, kStart);
  EXPECT_EQ(pace.deadline(kStart, 0), kStart + 30s);
  EXPECT_EQ(pace.deadline(kStart + 10s, 50'000), kStart + 40s);
}

TEST(BodyPace, EndsABodyThatTrickles) {
  const BodyPace pace(30s, 1000, kStart);
  EXPECT_EQ(pace.deadline(kStart + 29s, 29), kStart + 30s + 29ms);
  EXPECT_EQ(pace.deadline(kStart + 30s, 2000), kStart + 32s);
}

TEST(BodyPace, LimitsOnlyPausesWithoutALeastRate) {
  const BodyPace pace(30s, 0, kStart);
  EXPECT_EQ(pace.deadline(kStart + 1000s, 10), kStart + 1030s);
}

}  // namespace
}  // namespace ringmaster::http
