#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

namespace ringmaster::sim {

/// Exact order statistics (nearest rank: the smallest value that a share q of all does not exceed).
/// What never happened is infinite; an answer that falls on it is absent.
class Quantiles {
 public:
  /// Sorts the values: O(n log n).
  explicit Quantiles(std::vector<double> values) : values_(std::move(values)) {
    std::ranges::sort(values_);
  }

  /// Absent if there are no values or the rank falls on an infinite one. Requires: q in [0, 1].
  [[nodiscard]] std::optional<double> at(double q) const {
    if (values_.empty()) return std::nullopt;
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values_.size())));
    const double value = values_[std::max<std::size_t>(rank, 1) - 1];
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
  }

  [[nodiscard]] std::optional<double> mean_of_finite() const {
    const auto end = std::ranges::lower_bound(values_, std::numeric_limits<double>::infinity());
    if (end == values_.begin()) return std::nullopt;
    return std::accumulate(values_.begin(), end, 0.0) / static_cast<double>(end - values_.begin());
  }

 private:
  std::vector<double> values_;
};

}  // namespace ringmaster::sim
