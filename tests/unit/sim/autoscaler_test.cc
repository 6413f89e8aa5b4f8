#include "sim/autoscaler.h"

#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

using std::chrono::seconds;

constexpr TimePoint at(Duration since_start) {
  return TimePoint{} + since_start;
}

AutoscalerOptions options() {
  return {.instances_min = 2, .instances_max = 4, .scale_up_at = 2.0, .scale_down_at = 0.5};
}

TEST(Autoscaler, GrowsWhenTheSignalIsPastTheUpperBound) {
  Autoscaler scaler(options());
  EXPECT_EQ(scaler.decide(2.0, 2, 0, at(seconds(0))), ScalingStep::kNone);
  EXPECT_EQ(scaler.decide(2.1, 2, 0, at(seconds(10))), ScalingStep::kUp);
}

TEST(Autoscaler, ShrinksWhenTheSignalIsPastTheLowerBound) {
  Autoscaler scaler(options());
  EXPECT_EQ(scaler.decide(0.5, 3, 0, at(seconds(0))), ScalingStep::kNone);
  EXPECT_EQ(scaler.decide(0.4, 3, 0, at(seconds(10))), ScalingStep::kDown);
}

TEST(Autoscaler, StaysWithinItsBounds) {
  Autoscaler scaler(options());
  EXPECT_EQ(scaler.decide(9.0, 4, 0, at(seconds(0))), ScalingStep::kNone);
  EXPECT_EQ(scaler.decide(0.0, 2, 0, at(seconds(10))), ScalingStep::kNone);
}

TEST(Autoscaler, CountsWhatIsStarting) {
  Autoscaler scaler(options());
  EXPECT_EQ(scaler.decide(9.0, 2, 2, at(seconds(0))), ScalingStep::kNone);
}

TEST(Autoscaler, DoesNotShrinkWhileSomethingStarts) {
  Autoscaler scaler(options());
  EXPECT_EQ(scaler.decide(0.0, 3, 1, at(seconds(0))), ScalingStep::kNone);
}

TEST(Autoscaler, WaitsOutTheCooldownAfterAChange) {
  Autoscaler scaler(options());
  EXPECT_EQ(scaler.decide(9.0, 2, 0, at(seconds(0))), ScalingStep::kUp);
  EXPECT_EQ(scaler.decide(9.0, 3, 0, at(seconds(59))), ScalingStep::kNone);
  EXPECT_EQ(scaler.decide(9.0, 3, 0, at(seconds(60))), ScalingStep::kUp);
}

TEST(Autoscaler, ReplacesALossAtOnce) {
  Autoscaler scaler(options());
  EXPECT_EQ(scaler.decide(9.0, 2, 0, at(seconds(0))), ScalingStep::kUp);
  EXPECT_EQ(scaler.decide(0.0, 1, 0, at(seconds(10))), ScalingStep::kUp);
}

TEST(Autoscaler, TakesSmallFreenessForLoad) {
  AutoscalerOptions by_freeness = AutoscalerOptions::by_freeness();
  by_freeness.instances_max = 8;
  Autoscaler scaler(by_freeness);
  EXPECT_EQ(scaler.decide(9.0, 4, 0, at(seconds(0))), ScalingStep::kUp);
  EXPECT_EQ(scaler.decide(30.0, 4, 0, at(seconds(100))), ScalingStep::kNone);
  EXPECT_EQ(scaler.decide(61.0, 4, 0, at(seconds(200))), ScalingStep::kDown);
}

TEST(Autoscaler, RefusesBoundsThatDoNotFit) {
  AutoscalerOptions wrong = options();
  wrong.instances_min = 5;
  EXPECT_EQ(check(wrong).error().message,
            "autoscaling: expected 1 <= min <= max <= 4096, found min 5 and max 4");
  wrong = options();
  wrong.scale_down_at = 2.0;
  EXPECT_EQ(check(wrong).error().message,
            "autoscaling: expected down below up, as pending work grows with load");
}

}  // namespace
}  // namespace ringmaster::sim
