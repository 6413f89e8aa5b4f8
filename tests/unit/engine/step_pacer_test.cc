#include "engine/simulated/step_pacer.h"

#include <gtest/gtest.h>

namespace ringmaster::engine {
namespace {

using std::chrono::milliseconds;

constexpr TimePoint at(std::int64_t ms) {
  return TimePoint{} + milliseconds(ms);
}

TEST(StepPacer, EndsAStepAfterItsTimeAtTheSpeedAskedFor) {
  StepPacer pacer(4.0);
  pacer.begin(at(1000));
  EXPECT_EQ(pacer.due(milliseconds(20)), at(1005));
}

TEST(StepPacer, LetsStepsFollowWithoutAGapHoweverLateTheHostIs) {
  StepPacer pacer(1.0);
  pacer.begin(at(1000));
  EXPECT_EQ(pacer.due(milliseconds(20)), at(1020));
  pacer.begin(at(1027));  // The host was 7 ms late.
  EXPECT_EQ(pacer.due(milliseconds(20)), at(1040));
}

TEST(StepPacer, BeginsAnewAfterAPause) {
  StepPacer pacer(1.0);
  pacer.begin(at(1000));
  EXPECT_EQ(pacer.due(milliseconds(20)), at(1020));
  pacer.begin(at(1031));
  EXPECT_EQ(pacer.due(milliseconds(20)), at(1051));
}

}  // namespace
}  // namespace ringmaster::engine
