#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ringmaster::sim {

/// Attainment by prompt length: [0, 2048), [2048, 4096), [4096, 8192) tokens and so on by doubling.
class LengthBuckets {
 public:
  /// Smaller buckets say too little to be judged by.
  static constexpr double kShareMin = 0.01;

  struct Bucket {
    std::uint64_t requests = 0;
    std::uint64_t met = 0;  ///< Of them, within the target.
  };

  void add(std::uint32_t prompt_tokens, bool is_met) {
    Bucket& bucket = buckets_[bucket_of(prompt_tokens)];
    ++bucket.requests;
    ++requests_;
    if (is_met) ++bucket.met;
  }

  /// By length; bucket k > 0 starts at 1024 << k tokens.
  [[nodiscard]] std::span<const Bucket> buckets() const { return buckets_; }

  [[nodiscard]] static std::size_t bucket_of(std::uint32_t prompt_tokens) {
    return static_cast<std::size_t>(std::bit_width(prompt_tokens >> 11U));
  }

  [[nodiscard]] static std::uint64_t first_tokens(std::size_t bucket) {
    return bucket == 0 ? 0 : std::uint64_t{1024} << bucket;
  }

  /// Smallest attainment of the buckets that hold at least kShareMin of the requests; 1 if none.
  [[nodiscard]] double worst_attainment() const {
    double worst = 1.0;
    for (const Bucket& bucket : buckets_) {
      const auto size = static_cast<double>(bucket.requests);
      if (bucket.requests == 0 || size < kShareMin * static_cast<double>(requests_)) continue;
      worst = std::min(worst, static_cast<double>(bucket.met) / size);
    }
    return worst;
  }

 private:
  std::uint64_t requests_ = 0;
  std::array<Bucket, 33> buckets_{};
};

}  // namespace ringmaster::sim
