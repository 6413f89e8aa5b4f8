#pragma once

#include <cmath>
#include <cstdint>

#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/reduce.cuh"

namespace ringmaster::engine::cuda {

/// The bits of a float in an order that integers have too.
[[nodiscard]] RINGMASTER_KERNEL std::uint32_t logit_key(float logit) {
  logit = logit == 0.0F ? 0.0F : logit;  // -0 and 0 are equal logits.
#if defined(__CUDACC__)
  const std::uint32_t bits = __float_as_uint(logit);
#else
  const auto bits = std::bit_cast<std::uint32_t>(logit);
#endif
  return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}

/// A token's place in the ranking (logit descending, then token ascending): higher is better, no
/// two are equal.
[[nodiscard]] RINGMASTER_KERNEL std::uint64_t logit_rank(float logit, std::int32_t token) {
  return std::uint64_t{logit_key(logit)} << 32U | (0xffffffffU - static_cast<std::uint32_t>(token));
}
[[nodiscard]] RINGMASTER_KERNEL std::int32_t token_of_rank(std::uint64_t rank) {
  return static_cast<std::int32_t>(0xffffffffU - static_cast<std::uint32_t>(rank));
}

/// Above every rank of a finite logit.
inline constexpr std::uint64_t kNotFinite = ~std::uint64_t{0};

/// The shared memory in which a block looks for something in a row of logits.
template <int kThreads>
struct LogitMemory {
  static constexpr int kBins = 256;

  std::uint64_t bins[kBins];
  std::uint64_t sums[kThreads / kWarp];
  double reals[kThreads / kWarp];
  std::uint64_t rest;  // What one thread found for all, as the next two.
  std::int32_t bin;
  std::int32_t token;
};

/// A row of logits, as a block of kThreads threads goes through it; all of them call everything
/// together.
template <int kThreads, class Lane>
struct LogitRow {
  Lane& lane;
  const float* logits;
  std::int32_t vocabulary;
  LogitMemory<kThreads>& memory;

  /// combine() of term(token) over the vocabulary.
  template <class T, class Term, class Combine>
  [[nodiscard]] RINGMASTER_KERNEL T reduce(T* scratch, Term term, Combine combine) const {
    T value{};
    for (std::int32_t i = lane.thread(); i < vocabulary; i += kThreads) {
      value = combine(value, term(i));
    }
    value = block_reduce(lane, value, scratch, combine);
    lane.sync();
    return value;
  }

  /// The best rank; kNotFinite if any logit is infinite or no number.
  [[nodiscard]] RINGMASTER_KERNEL std::uint64_t best() const {
    return reduce(
        memory.sums,
        [this](std::int32_t i) {
          return logits[i] - logits[i] == 0.0F ? logit_rank(logits[i], i) : kNotFinite;
        },
        Higher{});
  }

  /// The best rank that is lower than `limit`; 0: there is none.
  [[nodiscard]] RINGMASTER_KERNEL std::uint64_t best_below(std::uint64_t limit) const {
    return reduce(
        memory.sums,
        [this, limit](std::int32_t i) {
          const std::uint64_t rank = logit_rank(logits[i], i);
          return rank < limit ? rank : 0;
        },
        Higher{});
  }

  /// How far the lowest logit is from `highest`, the highest.
  [[nodiscard]] RINGMASTER_KERNEL float farthest(float highest) const {
    return reduce(
        reinterpret_cast<float*>(memory.sums),
        [this, highest](std::int32_t i) { return highest - logits[i]; }, Higher{});
  }

  /// The logarithm of the sum of all e^logit, of which `highest` is the largest logit.
  [[nodiscard]] RINGMASTER_KERNEL double normaliser(float highest) const {
    const double sum = reduce(
        memory.reals,
        [this, highest](std::int32_t i) { return exp(static_cast<double>(logits[i] - highest)); },
        Add{});
    return static_cast<double>(highest) + log(sum);
  }
};

}  // namespace ringmaster::engine::cuda
