#pragma once

#include <array>
#include <cstdint>

namespace ringmaster {

/// Log-bucketed histogram of non-negative values; quantiles within 1.6 % of the true value.
///
/// 64 buckets per power of two from 2^-20 (about a microsecond, if values are seconds) to 2^20;
/// values outside are counted in the first or last bucket. Fixed size (20 KiB), no allocation.
class Histogram {
 public:
  /// Requires: value is not NaN.
  void record(double value);
  void merge(const Histogram& other);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] double sum() const { return sum_; }

  /// The value at or below which a share q of the recorded values lies (nearest rank, upper
  /// edge of the bucket). 0 if nothing was recorded. Requires: q in [0, 1].
  [[nodiscard]] double quantile(double q) const;

 private:
  static constexpr int kLowestExponent = -20;
  static constexpr int kBucketsPerDoubling = 64;
  static constexpr int kBucketCount = 40 * kBucketsPerDoubling;

  static int bucket_of(double value);

  std::array<std::uint64_t, kBucketCount> buckets_{};
  std::uint64_t count_ = 0;
  double sum_ = 0.0;
};

}  // namespace ringmaster
