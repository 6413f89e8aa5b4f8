#include "base/histogram.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "base/check.h"

namespace ringmaster {

int Histogram::bucket_of(double value) {
  if (value <= 0.0) return 0;
  const double position = (std::log2(value) - kLowestExponent) * kBucketsPerDoubling;
  return static_cast<int>(std::clamp(std::floor(position), 0.0, double{kBucketCount - 1}));
}

void Histogram::record(double value) {
  RINGMASTER_CHECK(!std::isnan(value));
  ++buckets_[static_cast<std::size_t>(bucket_of(value))];
  ++count_;
  sum_ += value;
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
}

double Histogram::quantile(double q) const {
  if (count_ == 0) return 0.0;
  const auto rank = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank) {
      return std::exp2((static_cast<double>(i) + 1.0) / kBucketsPerDoubling + kLowestExponent);
    }
  }
  return std::exp2(-kLowestExponent);
}

}  // namespace ringmaster
