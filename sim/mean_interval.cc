#include "sim/mean_interval.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>

#include <boost/math/distributions/students_t.hpp>

namespace ringmaster::sim {
namespace {

constexpr std::size_t kBatches = 20;

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

MeanWithInterval independent_mean(std::span<const double> values) {
  if (values.empty()) return {};
  MeanWithInterval result{.mean = mean_of(values)};
  if (values.size() < 2) return result;
  const auto count = static_cast<double>(values.size());
  double squares = 0.0;
  for (const double value : values) squares += std::pow(value - result.mean, 2.0);
  const boost::math::students_t student(count - 1.0);
  const double t = boost::math::quantile(student, 0.975);  // 2.5 % on either side.
  result.half_width = t * std::sqrt(squares / (count - 1.0) / count);
  return result;
}

MeanWithInterval batch_mean(std::span<const double> values) {
  if (values.empty()) return {};
  MeanWithInterval result{.mean = mean_of(values)};
  if (values.size() < 2 * kBatches) return result;
  std::array<double, kBatches> means{};
  for (std::size_t batch = 0; batch < kBatches; ++batch) {
    const std::size_t begin = values.size() * batch / kBatches;
    const std::size_t end = values.size() * (batch + 1) / kBatches;
    means[batch] = mean_of(values.subspan(begin, end - begin));
  }
  result.half_width = independent_mean(means).half_width;
  return result;
}

}  // namespace ringmaster::sim
