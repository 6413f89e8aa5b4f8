#include "sim/metrics.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "base/check.h"

namespace ringmaster::sim {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kBucketShareMin = 0.01;

/// Sorts the values. Absent if there are none or the rank falls on an infinite one.
class Quantiles {
 public:
  explicit Quantiles(std::vector<double> values) : values_(std::move(values)) {
    std::ranges::sort(values_);
  }

  [[nodiscard]] std::optional<double> at(double q) const {
    if (values_.empty()) return std::nullopt;
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values_.size())));
    const double value = values_[std::max<std::size_t>(rank, 1) - 1];
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
  }

  [[nodiscard]] std::optional<double> mean_of_finite() const {
    const auto end = std::ranges::lower_bound(values_, kNever);
    if (end == values_.begin()) return std::nullopt;
    return std::accumulate(values_.begin(), end, 0.0) / static_cast<double>(end - values_.begin());
  }

 private:
  std::vector<double> values_;
};

/// Attainment by prompt length, in buckets that double from 2048 tokens on.
class LengthBuckets {
 public:
  void add(std::uint32_t prompt_tokens, bool is_met) {
    Bucket& bucket = buckets_[static_cast<std::size_t>(std::bit_width(prompt_tokens >> 11U))];
    ++bucket.requests;
    if (is_met) ++bucket.met;
  }

  [[nodiscard]] double worst(std::size_t requests) const {
    double worst = 1.0;
    for (const Bucket& bucket : buckets_) {
      const auto size = static_cast<double>(bucket.requests);
      if (bucket.requests == 0 || size < kBucketShareMin * static_cast<double>(requests)) continue;
      worst = std::min(worst, static_cast<double>(bucket.met) / size);
    }
    return worst;
  }

 private:
  struct Bucket {
    std::uint64_t requests = 0;
    std::uint64_t met = 0;
  };
  std::array<Bucket, 33> buckets_{};
};

}  // namespace

RunMetrics summarise(const Workload& workload, const SimulationOutcome& outcome,
                     std::size_t first_counted, Duration ttft_slo) {
  RINGMASTER_CHECK(first_counted < outcome.requests.size());
  RunMetrics metrics{.requests = outcome.requests.size() - first_counted,
                     .pending_tokens_cv = outcome.pending_tokens_cv};
  std::vector<double> ttft;
  std::vector<double> e2e;
  std::vector<double> tpot;
  LengthBuckets buckets;
  std::uint64_t met = 0;
  std::uint64_t prompt_tokens = 0;
  std::uint64_t cached_tokens = 0;
  for (std::size_t i = first_counted; i < outcome.requests.size(); ++i) {
    const RequestOutcome& request = outcome.requests[i];
    const WorkloadRequest& asked = workload.requests()[i];
    const bool is_met = !request.is_rejected && request.first_token - request.arrival < ttft_slo;
    if (is_met) ++met;
    buckets.add(asked.prompt_tokens, is_met);
    metrics.moves += request.moves;
    if (request.attempts > 1) ++metrics.retried;
    if (request.is_rejected) {
      ++metrics.rejected;
      ttft.push_back(kNever);
      e2e.push_back(kNever);
      continue;
    }
    prompt_tokens += asked.prompt_tokens;
    cached_tokens += request.cached_tokens;
    ttft.push_back(to_seconds(request.first_token - request.arrival));
    e2e.push_back(to_seconds(request.finished - request.arrival));
    if (request.finished > request.first_token) {
      tpot.push_back(to_seconds(request.finished - request.first_token) /
                     (asked.output_tokens - 1));
    }
  }
  metrics.slo_attainment = static_cast<double>(met) / static_cast<double>(metrics.requests);
  metrics.worst_length_bucket_attainment = buckets.worst(metrics.requests);
  if (prompt_tokens > 0) {
    metrics.cached_token_share =
        static_cast<double>(cached_tokens) / static_cast<double>(prompt_tokens);
  }
  const Quantiles ttft_quantiles(std::move(ttft));
  metrics.ttft_p50_s = ttft_quantiles.at(0.50);
  metrics.ttft_p90_s = ttft_quantiles.at(0.90);
  metrics.ttft_p99_s = ttft_quantiles.at(0.99);
  metrics.ttft_mean_s = ttft_quantiles.mean_of_finite();
  metrics.e2e_p90_s = Quantiles(std::move(e2e)).at(0.90);
  metrics.tpot_p90_s = Quantiles(std::move(tpot)).at(0.90);
  return metrics;
}

}  // namespace ringmaster::sim
