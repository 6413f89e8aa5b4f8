#pragma once

#include <optional>
#include <span>

namespace ringmaster::sim {

/// A mean and half the width of its 95 % confidence interval.
struct MeanWithInterval {
  double mean = 0;
  std::optional<double> half_width;  ///< Absent with too few values to tell.
};

/// The mean of independent observations, Student's t; no interval for fewer than two. 0 if there
/// are no values. Requires: finite values.
[[nodiscard]] MeanWithInterval independent_mean(std::span<const double> values);

/// The mean of successive observations that may depend on their neighbours, as waiting times do:
/// the interval is that of the means of 20 batches of successive values (method of batch means;
/// Law, Simulation Modeling and Analysis, ch. 9); no interval for fewer than 40. It says nothing
/// about other traces. 0 if there are no values. Requires: finite values.
[[nodiscard]] MeanWithInterval batch_mean(std::span<const double> values);

}  // namespace ringmaster::sim
