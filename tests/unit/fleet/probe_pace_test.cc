#include "fleet/probe_pace.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ProbePace, IsTheIntervalForWhatHasAnswered) {
  ProbePace pace(seconds(2));
  EXPECT_EQ(pace.next(true), seconds(2));
}

TEST(ProbePace, IsQuickFor240ProbesWhereNothingHasAnsweredYet) {
  ProbePace pace(seconds(2));
  for (int i = 0; i < 240; ++i) ASSERT_EQ(pace.next(false), milliseconds(250));
  EXPECT_EQ(pace.next(false), seconds(2));
  EXPECT_EQ(pace.next(false), seconds(2));
}

TEST(ProbePace, IsNeverSlowerThanTheInterval) {
  ProbePace pace(milliseconds(100));
  EXPECT_EQ(pace.next(false), milliseconds(100));
}

}  // namespace
}  // namespace ringmaster
