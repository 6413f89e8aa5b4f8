#include "sim/arrival_process.h"

#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

using testing::HasSubstr;

std::vector<double> moments(const ArrivalProcessOptions& options, std::size_t count) {
  ArrivalProcess process(options, 0.0, Random(11));
  std::vector<double> times(count);
  for (double& time : times) time = process.next();
  return times;
}

double gap_cv(const std::vector<double>& times) {
  double squares = 0;
  double before = 0;
  for (const double time : times) {
    squares += (time - before) * (time - before);
    before = time;
  }
  const double mean = times.back() / static_cast<double>(times.size());
  return std::sqrt(squares / static_cast<double>(times.size()) / (mean * mean) - 1.0);
}

TEST(ArrivalProcess, HasTheRateAndGapsOfAPoissonProcess) {
  const auto times = moments({.rate = 5}, 100'000);
  EXPECT_NEAR(times.back(), 20'000, 260);  // Four standard deviations.
  EXPECT_NEAR(gap_cv(times), 1.0, 0.02);
}

TEST(ArrivalProcess, HasTheRateAndCvOfGammaGaps) {
  const auto times = moments({.kind = ArrivalKind::kGamma, .rate = 5, .gap_cv = 3}, 100'000);
  EXPECT_NEAR(times.back(), 20'000, 760);
  EXPECT_NEAR(gap_cv(times), 3.0, 0.2);
}

TEST(ArrivalProcess, SwingsByItsDepthWhenItIsDiurnal) {
  ArrivalProcess process(
      {.kind = ArrivalKind::kDiurnal, .rate = 10, .period_s = 1000, .depth = 0.8}, 0.0, Random(5));
  // Quarters of the period around the trough and around the peak, over 100 periods: their mean
  // rates are 10 * (1 -+ 0.8 * (2 sqrt(2) / pi)).
  int trough = 0;
  int peak = 0;
  int all = 0;
  for (double time = process.next(); time < 100'000; time = process.next()) {
    const double phase = std::fmod(time, 1000.0);
    ++all;
    if (phase < 125 || phase >= 875) ++trough;
    if (phase >= 375 && phase < 625) ++peak;
  }
  EXPECT_NEAR(all, 1'000'000, 4000);
  EXPECT_NEAR(trough, 250'000 * (1 - 0.72025), 1100);
  EXPECT_NEAR(peak, 250'000 * (1 + 0.72025), 2700);
}

TEST(ArrivalProcess, IsTheSameForTheSameSeed) {
  EXPECT_EQ(moments({.rate = 2}, 50), moments({.rate = 2}, 50));
}

TEST(ArrivalProcess, StartsAfterItsStart) {
  ArrivalProcess process({.rate = 1}, -100.0, Random(1));
  EXPECT_GT(process.next(), -100.0);
}

TEST(ArrivalProcess, NamesAnOptionOutOfItsRange) {
  EXPECT_THAT(ArrivalProcess::check({.rate = 0}).error().message, HasSubstr("a rate in (0"));
  EXPECT_THAT(ArrivalProcess::check({.kind = ArrivalKind::kGamma, .gap_cv = 50}).error().message,
              HasSubstr("a coefficient of variation in [0.1"));
  EXPECT_THAT(ArrivalProcess::check({.kind = ArrivalKind::kDiurnal}).error().message,
              HasSubstr("a period in (0"));
  EXPECT_THAT(ArrivalProcess::check({.kind = ArrivalKind::kDiurnal, .period_s = 1, .depth = 1.5})
                  .error()
                  .message,
              HasSubstr("a depth in [0"));
}

TEST(ParseArrivalKind, ListsTheKinds) {
  EXPECT_EQ(parse_arrival_kind("gamma"), ArrivalKind::kGamma);
  EXPECT_EQ(parse_arrival_kind("weekly").error().message,
            "arrivals: expected poisson, gamma or diurnal, found \"weekly\"");
}

}  // namespace
}  // namespace ringmaster::sim
