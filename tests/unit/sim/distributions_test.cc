#include "sim/distributions.h"

#include <cmath>
#include <functional>

#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

struct Moments {
  double mean = 0;
  double cv = 0;
};

/// Of 200,000 draws: the standard error of a mean is its cv / 447 of it.
Moments moments_of(const std::function<double(Random&)>& draw) {
  constexpr int kDraws = 200'000;
  Random random(7);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = draw(random);
    sum += value;
    squares += value * value;
  }
  const double mean = sum / kDraws;
  return {mean, std::sqrt(squares / kDraws - mean * mean) / mean};
}

TEST(DrawExponential, HasItsMeanAndACvOfOne) {
  const auto found = moments_of([](Random& random) { return draw_exponential(random, 2.0); });
  EXPECT_NEAR(found.mean, 2.0, 0.02);
  EXPECT_NEAR(found.cv, 1.0, 0.02);
}

TEST(DrawGamma, HasItsMeanAndCvWhenItIsBursty) {
  const auto found = moments_of([](Random& random) { return draw_gamma(random, 0.25, 3.0); });
  EXPECT_NEAR(found.mean, 0.25, 0.008);
  EXPECT_NEAR(found.cv, 3.0, 0.1);
}

TEST(DrawGamma, HasItsMeanAndCvWhenItIsSmooth) {
  const auto found = moments_of([](Random& random) { return draw_gamma(random, 10.0, 0.5); });
  EXPECT_NEAR(found.mean, 10.0, 0.05);
  EXPECT_NEAR(found.cv, 0.5, 0.01);
}

TEST(DrawLogNormal, HasItsMeanAndCv) {
  const auto found = moments_of([](Random& random) { return draw_log_normal(random, 800, 1.0); });
  EXPECT_NEAR(found.mean, 800.0, 10.0);
  EXPECT_NEAR(found.cv, 1.0, 0.06);
}

TEST(DrawLogNormal, IsItsMeanWhenTheCvIsZero) {
  Random random(1);
  EXPECT_NEAR(draw_log_normal(random, 800, 0), 800.0, 1e-9);
}

TEST(DrawGeometric, HasItsMeanAndVariance) {
  const auto found =
      moments_of([](Random& random) { return static_cast<double>(draw_geometric(random, 4.0)); });
  EXPECT_NEAR(found.mean, 4.0, 0.04);
  EXPECT_NEAR(found.cv, std::sqrt(0.75), 0.01);  // Variance of the mean m: m^2 - m.
}

TEST(DrawGeometric, IsAlwaysOneWhenTheMeanIs) {
  Random random(1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(draw_geometric(random, 1.0), 1U);
}

TEST(ZipfRanks, DrawsRanksByTheirShare) {
  const ZipfRanks ranks(3, 1.0);  // Weights 1, 1/2, 1/3: shares 6/11, 3/11, 2/11.
  EXPECT_NEAR(ranks.share_of(0), 6.0 / 11.0, 1e-12);
  Random random(3);
  int first = 0;
  int last = 0;
  for (int i = 0; i < 110'000; ++i) {
    const auto rank = ranks.draw(random);
    first += rank == 0 ? 1 : 0;
    last += rank == 2 ? 1 : 0;
  }
  EXPECT_NEAR(first, 60'000, 700);  // Four standard deviations.
  EXPECT_NEAR(last, 20'000, 550);
}

TEST(ZipfRanks, AreAllAlikeWithoutSkew) {
  const ZipfRanks ranks(4, 0.0);
  EXPECT_DOUBLE_EQ(ranks.share_of(0), 0.25);
  EXPECT_DOUBLE_EQ(ranks.share_of(3), 0.25);
}

}  // namespace
}  // namespace ringmaster::sim
