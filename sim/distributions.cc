#include "sim/distributions.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"

namespace ringmaster::sim {
namespace {

/// Uniform in (0, 1]: a logarithm of it is finite.
double above_zero(Random& random) {
  return 1.0 - random.unit();
}

/// Standard normal by Box and Muller; the second value is not used, so that draws do not depend on
/// what was drawn before.
double draw_normal(Random& random) {
  const double radius = std::sqrt(-2.0 * std::log(above_zero(random)));
  return radius * std::cos(2.0 * std::numbers::pi * random.unit());
}

/// Gamma with scale 1. Requires: shape >= 1.
double draw_gamma_of_shape(Random& random, double shape) {
  const double d = shape - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = draw_normal(random);
    const double v = std::pow(1.0 + c * x, 3.0);
    if (v <= 0.0) continue;
    if (std::log(above_zero(random)) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

}  // namespace

double draw_exponential(Random& random, double mean) {
  return -mean * std::log(above_zero(random));
}

double draw_gamma(Random& random, double mean, double cv) {
  const double shape = 1.0 / (cv * cv);
  const double scale = mean / shape;
  if (shape >= 1.0) return scale * draw_gamma_of_shape(random, shape);
  // Below shape 1: Gamma(shape) = Gamma(shape + 1) * U^(1 / shape).
  const double boosted = draw_gamma_of_shape(random, shape + 1.0);
  return scale * boosted * std::pow(above_zero(random), 1.0 / shape);
}

double draw_log_normal(Random& random, double mean, double cv) {
  const double variance = std::log1p(cv * cv);
  return mean * std::exp(std::sqrt(variance) * draw_normal(random) - 0.5 * variance);
}

std::size_t draw_geometric(Random& random, double mean) {
  if (mean <= 1.0) return 1;
  const double trials = std::log(above_zero(random)) / std::log1p(-1.0 / mean);
  return 1 + static_cast<std::size_t>(trials);
}

ZipfRanks::ZipfRanks(std::size_t count, double skew) {
  RINGMASTER_CHECK(count > 0);
  cumulative_.reserve(count);
  double sum = 0.0;
  for (std::size_t rank = 0; rank < count; ++rank) {
    sum += std::pow(static_cast<double>(rank + 1), -skew);
    cumulative_.push_back(sum);
  }
  for (double& share : cumulative_) share /= sum;
}

std::size_t ZipfRanks::draw(Random& random) const {
  const auto found = std::ranges::upper_bound(cumulative_, random.unit());
  return std::min(static_cast<std::size_t>(found - cumulative_.begin()), cumulative_.size() - 1);
}

double ZipfRanks::share_of(std::size_t rank) const {
  return cumulative_[rank] - (rank > 0 ? cumulative_[rank - 1] : 0.0);
}

}  // namespace ringmaster::sim
