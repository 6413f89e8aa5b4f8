#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/mean_interval.h"

namespace ringmaster::sim {

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
