#include "sim/paired_difference.h"

#include <cmath>
#include <cstddef>
#include <utility>

#include "base/check.h"
#include "sim/quantiles.h"

namespace ringmaster::sim {
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
