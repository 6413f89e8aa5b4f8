#include "sim/seed_means.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <type_traits>

#include "sim/mean_interval.h"
#include "sim/metric_fields.h"

namespace ringmaster::sim {
namespace {

using Seeds = std::vector<const RunReport*>;

bool differ_in_seed_only(const RunReport& a, const RunReport& b) {
  const bool is_search = a.goodput_qps.has_value();
  return a.options.trace == b.options.trace && a.options.policy == b.options.policy &&
         is_search == b.goodput_qps.has_value() &&
         (is_search || a.options.arrivals.qps == b.options.arrivals.qps);
}

/// The numbers of the metrics in the order of visit_metrics().
std::vector<std::optional<double>> numbers_of(const RunMetrics& metrics) {
  std::vector<std::optional<double>> numbers;
  visit_metrics(metrics, [&numbers](std::string_view /*name*/, const auto& value) {
    if constexpr (std::is_arithmetic_v<std::remove_cvref_t<decltype(value)>>) {
      numbers.emplace_back(static_cast<double>(value));
    } else {
      numbers.push_back(value);
    }
  });
  return numbers;
}

void set_number(double mean, double& value) {
  value = mean;
}

void set_number(double mean, std::uint64_t& value) {
  value = static_cast<std::uint64_t>(std::llround(mean));
}

RunReport mean_of(const Seeds& seeds) {
  RunReport mean = *seeds.front();
  if (seeds.size() == 1) return mean;
  std::vector<std::vector<std::optional<double>>> numbers;
  std::vector<double> rates;
  std::vector<double> goodputs;
  for (const RunReport* report : seeds) {
    numbers.push_back(numbers_of(report->metrics));
    rates.push_back(report->options.arrivals.qps);
    if (report->goodput_qps) goodputs.push_back(*report->goodput_qps);
  }
  std::size_t place = 0;
  visit_metrics(mean.metrics, [&](std::string_view /*name*/, auto& value) {
    std::vector<double> values;
    for (const auto& of_seed : numbers) {
      if (of_seed[place]) values.push_back(*of_seed[place]);
    }
    ++place;
    const double average = independent_mean(values).mean;
    if constexpr (std::is_arithmetic_v<std::remove_cvref_t<decltype(value)>>) {
      set_number(average, value);
    } else if (values.size() == numbers.size()) {
      value = average;
    } else {
      value.reset();
    }
  });
  mean.options.arrivals.qps = independent_mean(rates).mean;
  if (!goodputs.empty()) {
    const MeanWithInterval goodput = independent_mean(goodputs);
    mean.goodput_qps = goodput.mean;
    mean.goodput_half_width = goodput.half_width;
  }
  mean.seeds = seeds.size();
  return mean;
}

}  // namespace

std::vector<RunReport> mean_over_seeds(std::span<const RunReport> reports) {
  std::vector<Seeds> groups;
  for (const RunReport& report : reports) {
    const auto group = std::ranges::find_if(
        groups, [&](const Seeds& seeds) { return differ_in_seed_only(*seeds.front(), report); });
    if (group == groups.end()) {
      groups.push_back({&report});
    } else {
      group->push_back(&report);
    }
  }
  std::vector<RunReport> means;
  for (const Seeds& seeds : groups) means.push_back(mean_of(seeds));
  return means;
}

}  // namespace ringmaster::sim
