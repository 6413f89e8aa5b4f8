#pragma once

#include <cstddef>
#include <vector>

#include "base/random.h"

namespace ringmaster::sim {

/// Exponential with that mean, by inversion. Requires: mean >= 0.
[[nodiscard]] double draw_exponential(Random& random, double mean);

/// Gamma with that mean and coefficient of variation (standard deviation / mean), by the method of
/// Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000).
/// Requires: mean >= 0, cv > 0.
[[nodiscard]] double draw_gamma(Random& random, double mean, double cv);

/// Log-normal with that mean and coefficient of variation. Requires: mean >= 0, cv >= 0.
[[nodiscard]] double draw_log_normal(Random& random, double mean, double cv);

/// Geometric on 1, 2, 3, ... with that mean, by inversion. Requires: mean >= 1.
[[nodiscard]] std::size_t draw_geometric(Random& random, double mean);

/// Ranks 0 ... count - 1, rank k with a weight of 1 / (k + 1)^skew; skew 0 is uniform.
class ZipfRanks {
 public:
  /// O(count) time and memory. Requires: count > 0, skew >= 0.
  ZipfRanks(std::size_t count, double skew);

  /// O(log count).
  [[nodiscard]] std::size_t draw(Random& random) const;

  /// Probability of a rank.
  [[nodiscard]] double share_of(std::size_t rank) const;

 private:
  std::vector<double> cumulative_;  // Ends with 1.
};

}  // namespace ringmaster::sim
