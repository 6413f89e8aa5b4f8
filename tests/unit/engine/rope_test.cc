#include "engine/rope.h"

#include <array>

#include <gtest/gtest.h>

namespace ringmaster::engine {
namespace {

ModelConfig config_with(RopeScaling scaling) {
  return {
      .head_dim = 8, .context_tokens_max = 1024, .rope_theta = 10'000.0, .rope_scaling = scaling};
}

TEST(Rope, FallsGeometricallyFromOneRadian) {
  const Rope rope = make_rope(config_with({}));
  ASSERT_EQ(rope.frequencies.size(), 4U);
  EXPECT_DOUBLE_EQ(rope.frequencies[0], 1.0);
  EXPECT_DOUBLE_EQ(rope.frequencies[1], 0.1);
  EXPECT_DOUBLE_EQ(rope.frequencies[2], 0.01);
  EXPECT_DOUBLE_EQ(rope.frequencies[3], 0.001);
  EXPECT_EQ(rope.magnitude, 1.0);
}

TEST(Rope, DividesAllFrequenciesWithLinearScaling) {
  const Rope rope = make_rope(config_with({.kind = RopeScalingKind::kLinear, .factor = 4.0}));
  EXPECT_DOUBLE_EQ(rope.frequencies[0], 0.25);
  EXPECT_DOUBLE_EQ(rope.frequencies[3], 0.00025);
}

// In 1,000 trained tokens the pairs make 159, 15.9, 1.59 and 0.159 turns.
TEST(Rope, StretchesOnlySlowPairsWithLlama3Scaling) {
  const Rope rope = make_rope(config_with({.kind = RopeScalingKind::kLlama3,
                                           .factor = 8.0,
                                           .low_frequency_factor = 1.0,
                                           .high_frequency_factor = 4.0,
                                           .original_context_tokens = 1000}));
  EXPECT_DOUBLE_EQ(rope.frequencies[0], 1.0);
  EXPECT_DOUBLE_EQ(rope.frequencies[1], 0.1);
  EXPECT_NEAR(rope.frequencies[2], 0.01 * (0.8028168 / 8.0 + 0.1971832),
              1e-9);  // 0.197 of the way from 1 to 4.
  EXPECT_DOUBLE_EQ(rope.frequencies[3], 0.000125);
}

TEST(Rope, BlendsAndScalesWithYarn) {
  const Rope rope = make_rope(config_with(
      {.kind = RopeScalingKind::kYarn, .factor = 4.0, .original_context_tokens = 1000}));
  // Pairs 0 and below 32 turns: pair index 0.70 -> 0; 1 turn: 2.20 -> 3. The ramp runs from 0 to 3.
  EXPECT_DOUBLE_EQ(rope.frequencies[0], 1.0);
  EXPECT_NEAR(rope.frequencies[1], 0.1 * (1.0 / 3.0 / 4.0 + 2.0 / 3.0), 1e-12);
  EXPECT_NEAR(rope.frequencies[2], 0.01 * (2.0 / 3.0 / 4.0 + 1.0 / 3.0), 1e-12);
  EXPECT_DOUBLE_EQ(rope.frequencies[3], 0.00025);
  EXPECT_NEAR(rope.magnitude, 1.1386294361, 1e-9);
}

TEST(Rope, TakesAnExplicitYarnMagnitude) {
  EXPECT_EQ(make_rope(config_with({.kind = RopeScalingKind::kYarn,
                                   .factor = 4.0,
                                   .original_context_tokens = 1000,
                                   .attention_factor = 1.5}))
                .magnitude,
            1.5);
}

TEST(Rope, GivesCosineAndSineOfThePosition) {
  const Rope rope = make_rope(config_with({}));
  std::array<float, 4> cosines{};
  std::array<float, 4> sines{};
  rope_angles(rope, 3, cosines, sines);
  EXPECT_FLOAT_EQ(cosines[0], -0.98999250F);
  EXPECT_FLOAT_EQ(sines[0], 0.14112001F);
  EXPECT_FLOAT_EQ(cosines[3], 0.99999550F);
}

}  // namespace
}  // namespace ringmaster::engine
