#include "sim/autoscaler.h"

#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

constexpr AutoscalerOptions kTwoToFour = {
    .instances_min = 2, .instances_max = 4, .scale_up_at = 2.0, .scale_down_at = 0.5};

/// An autoscaler asked at given seconds.
class Scaling {
 public:
  explicit Scaling(const AutoscalerOptions& options = kTwoToFour) : scaler_(options) {}

  ScalingStep at(int second, double signal, std::uint32_t taking, std::uint32_t starting = 0) {
    return scaler_.decide(signal, taking, starting, TimePoint{} + std::chrono::seconds(second));
  }

 private:
  Autoscaler scaler_;
};

TEST(Autoscaler, GrowsWhenTheSignalIsPastTheUpperBound) {
  Scaling scaling;
  EXPECT_EQ(scaling.at(0, 2.0, 2), ScalingStep::kNone);
  EXPECT_EQ(scaling.at(10, 2.1, 2), ScalingStep::kUp);
}

TEST(Autoscaler, ShrinksWhenTheSignalIsPastTheLowerBound) {
  Scaling scaling;
  EXPECT_EQ(scaling.at(0, 0.5, 3), ScalingStep::kNone);
  EXPECT_EQ(scaling.at(10, 0.4, 3), ScalingStep::kDown);
}

TEST(Autoscaler, StaysWithinItsBounds) {
  Scaling scaling;
  EXPECT_EQ(scaling.at(0, 9.0, 4), ScalingStep::kNone);
  EXPECT_EQ(scaling.at(10, 0.0, 2), ScalingStep::kNone);
}

TEST(Autoscaler, CountsWhatIsStarting) {
  Scaling scaling;
  EXPECT_EQ(scaling.at(0, 9.0, 2, 2), ScalingStep::kNone);
}

TEST(Autoscaler, DoesNotShrinkWhileSomethingStarts) {
  Scaling scaling;
  EXPECT_EQ(scaling.at(0, 0.0, 3, 1), ScalingStep::kNone);
}

TEST(Autoscaler, WaitsOutTheCooldownAfterAChange) {
  Scaling scaling;
  EXPECT_EQ(scaling.at(0, 9.0, 2), ScalingStep::kUp);
  EXPECT_EQ(scaling.at(59, 9.0, 3), ScalingStep::kNone);
  EXPECT_EQ(scaling.at(60, 9.0, 3), ScalingStep::kUp);
}

TEST(Autoscaler, ReplacesALossAtOnce) {
  Scaling scaling;
  EXPECT_EQ(scaling.at(0, 9.0, 2), ScalingStep::kUp);
  EXPECT_EQ(scaling.at(10, 0.0, 1), ScalingStep::kUp);
}

TEST(Autoscaler, TakesSmallFreenessForLoad) {
  AutoscalerOptions by_freeness = AutoscalerOptions::by_freeness();
  by_freeness.instances_max = 8;
  Scaling scaling(by_freeness);
  EXPECT_EQ(scaling.at(0, 9.0, 4), ScalingStep::kUp);
  EXPECT_EQ(scaling.at(100, 30.0, 4), ScalingStep::kNone);
  EXPECT_EQ(scaling.at(200, 61.0, 4), ScalingStep::kDown);
}

TEST(Autoscaler, RefusesBoundsThatDoNotFit) {
  AutoscalerOptions wrong = kTwoToFour;
  wrong.instances_min = 5;
  EXPECT_EQ(check(wrong).error().message,
            "autoscaling: expected 1 <= min <= max <= 4096, found min 5 and max 4");
  wrong = kTwoToFour;
  wrong.scale_down_at = 2.0;
  EXPECT_EQ(check(wrong).error().message,
            "autoscaling: expected down below up, as pending work grows with load");
}

}  // namespace
}  // namespace ringmaster::sim
