#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace ringmaster {

/// Learns what one choice costs as a linear function of its circumstances, and how unsure it is:
/// one arm of LinUCB (Li, Chu, Langford, Schapire, WWW 2010), ridge regression whose inverse is
/// kept by Sherman and Morrison's formula. O(kFeatures^2) a call.
template <std::size_t kFeatures>
class LinearBandit {
 public:
  using Vector = std::array<double, kFeatures>;

  /// Believes `prior` as firmly as `ridge` observations along each feature. Requires: ridge > 0.
  LinearBandit(const Vector& prior, double ridge) : weights_(prior) {
    for (std::size_t i = 0; i < kFeatures; ++i) {
      inverse_[i][i] = 1.0 / ridge;
      sums_[i] = ridge * prior[i];
    }
  }

  [[nodiscard]] double expected(const Vector& features) const { return dot(weights_, features); }

  /// How far off expected() may be, in standard deviations of one observation: sqrt(x' A^-1 x).
  [[nodiscard]] double width(const Vector& features) const {
    return std::sqrt(std::max(0.0, dot(features, times(features))));
  }

  void observe(const Vector& features, double cost) {
    const Vector direction = times(features);
    const double scale = 1.0 / (1.0 + dot(features, direction));
    for (std::size_t i = 0; i < kFeatures; ++i) {
      for (std::size_t j = 0; j < kFeatures; ++j) {
        inverse_[i][j] -= scale * direction[i] * direction[j];
      }
      sums_[i] += cost * features[i];
    }
    weights_ = times(sums_);
  }

 private:
  [[nodiscard]] static double dot(const Vector& a, const Vector& b) {
    double sum = 0.0;
    for (std::size_t i = 0; i < kFeatures; ++i) sum += a[i] * b[i];
    return sum;
  }
  [[nodiscard]] Vector times(const Vector& vector) const {
    Vector product{};
    for (std::size_t i = 0; i < kFeatures; ++i) product[i] = dot(inverse_[i], vector);
    return product;
  }

  std::array<Vector, kFeatures> inverse_{};
  Vector sums_{};
  Vector weights_;
};

}  // namespace ringmaster
