#include "sim/paired_difference.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>

#include <boost/math/distributions/students_t.hpp>

#include "base/check.h"
#include "sim/quantiles.h"

namespace ringmaster::sim {
namespace {

constexpr std::size_t kBatches = 20;
constexpr double kStudentT = 2.093;  // 97.5 % point at 19 degrees of freedom.

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

MeanWithInterval batch_mean(std::span<const double> values) {
  if (values.empty()) return {};
  MeanWithInterval result{.mean = mean_of(values)};
  if (values.size() < 2 * kBatches) return result;
  double square_sum = 0;
  for (std::size_t batch = 0; batch < kBatches; ++batch) {
    const std::size_t begin = values.size() * batch / kBatches;
    const std::size_t end = values.size() * (batch + 1) / kBatches;
    const double deviation = mean_of(values.subspan(begin, end - begin)) - result.mean;
    square_sum += deviation * deviation;
  }
  const double variance = square_sum / (kBatches - 1);
  result.half_width = kStudentT * std::sqrt(variance / kBatches);
  return result;
}

MeanWithInterval independent_mean(std::span<const double> values) {
  if (values.empty()) return {};
  MeanWithInterval result{.mean = mean_of(values)};
  if (values.size() < 2) return result;
  double squares = 0.0;
  for (const double value : values) squares += std::pow(value - result.mean, 2.0);
  const auto count = static_cast<double>(values.size());
  const boost::math::students_t student(count - 1.0);
  result.half_width =
      boost::math::quantile(student, 0.975) * std::sqrt(squares / (count - 1.0) / count);
  return result;
}

PairedDifference compare_pairs(std::span<const float> first_ttft_s,
                               std::span<const float> second_ttft_s, double slo_s) {
  RINGMASTER_CHECK(first_ttft_s.size() == second_ttft_s.size());
  PairedDifference pair;
  std::vector<double> met;
  std::vector<double> ttft;
  for (std::size_t i = 0; i < first_ttft_s.size(); ++i) {
    const double first = first_ttft_s[i];
    const double second = second_ttft_s[i];
    const bool is_first_met = first < slo_s;
    const bool is_second_met = second < slo_s;
    ++(is_first_met ? (is_second_met ? pair.met_by_both : pair.only_first)
                    : (is_second_met ? pair.only_second : pair.met_by_neither));
    met.push_back(static_cast<double>(is_first_met) - static_cast<double>(is_second_met));
    if (std::isfinite(first) && std::isfinite(second)) ttft.push_back(first - second);
  }
  pair.attainment = batch_mean(met);
  pair.ttft_s = batch_mean(ttft);
  const Quantiles quantiles(std::move(ttft));
  for (int percent = 1; percent < 100; ++percent) {
    if (const auto value = quantiles.at(percent / 100.0)) pair.ttft_quantiles_s.push_back(*value);
  }
  return pair;
}

}  // namespace ringmaster::sim
