#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ringmaster::sim {

/// A mean and half the width of its 95 % confidence interval.
struct MeanWithInterval {
  double mean = 0;
  std::optional<double> half_width;  ///< Absent with too few values for one.
};

/// The mean of successive observations that may depend on their neighbours, as waiting times do:
/// the interval is that of Student's t over the means of 20 batches of successive values (method
/// of batch means; Law, Simulation Modeling and Analysis, ch. 9). It says nothing about other
/// traces. 0 without an interval if there are no values.
[[nodiscard]] MeanWithInterval batch_mean(std::span<const double> values);

/// The mean of independent observations, as those of several seeds, taken to be normal: the
/// interval is Student's t. 0 without an interval if there are no values, no interval for one.
[[nodiscard]] MeanWithInterval independent_mean(std::span<const double> values);

/// How the same requests fared in two runs that differ in the policy alone. Differences are first
/// minus second: negative times mean that the first is faster.
struct PairedDifference {
  std::uint64_t met_by_both = 0;
  std::uint64_t only_first = 0;  ///< Within the target in the first run only.
  std::uint64_t only_second = 0;
  std::uint64_t met_by_neither = 0;
  MeanWithInterval attainment;
  MeanWithInterval ttft_s;  ///< Over the requests answered in both.
  /// Of the TTFT difference of those, at 1 %, 2 %, ... 99 %; empty if there are none.
  std::vector<double> ttft_quantiles_s;
};

/// Request by request; infinite TTFTs are rejected ones. O(n log n).
/// Requires: both have as many values.
[[nodiscard]] PairedDifference compare_pairs(std::span<const float> first_ttft_s,
                                             std::span<const float> second_ttft_s, double slo_s);

}  // namespace ringmaster::sim
