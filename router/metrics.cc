#include "router/metrics.h"

#include <algorithm>

#include "base/check.h"

namespace ringmaster {

// From a cached prompt on a small model to the longest queue that anybody waits for.
const std::array<double, OwnedSeconds::kBucketCount - 1> kSecondsBounds{
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
    0.25,   0.5,     1.0,    2.5,   5.0,    10.0,  30.0, 60.0,  300.0};

void OwnedSeconds::record(Duration duration) {
  const auto positive = std::max(duration, Duration::zero());
  const auto bound =
      std::lower_bound(kSecondsBounds.begin(), kSecondsBounds.end(), to_seconds(positive));
  buckets_[static_cast<std::size_t>(bound - kSecondsBounds.begin())].add();
  nanoseconds_.add(static_cast<std::uint64_t>(positive.count()));
}

void OwnedSeconds::add_to(std::array<std::uint64_t, kBucketCount>& counts, double& sum) const {
  for (std::size_t i = 0; i < kBucketCount; ++i) counts[i] += buckets_[i].get();
  sum += static_cast<double>(nanoseconds_.get()) * 1e-9;
}

Metrics::Metrics(const http::IoThreads& threads) : threads_(&threads), shards_(threads.size()) {}

MetricShard& Metrics::local() {
  const auto index = threads_->current();
  RINGMASTER_CHECK(index < shards_.size());
  return shards_[index];
}

}  // namespace ringmaster
