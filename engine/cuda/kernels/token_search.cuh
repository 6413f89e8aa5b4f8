#pragma once

#include <cstdint>

#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/logit_row.cuh"
#include "engine/cuda/kernels/reduce.cuh"

namespace ringmaster::engine::cuda {

/// Finds the token at which a sum of measures in token order exceeds a number: each warp sums up a
/// part of the vocabulary, then a part of the part in which that happens, until 32 tokens are left,
/// so that all measures are taken once and few of them again. All threads of the block call
/// everything together.
template <int kThreads, class Lane>
class TokenSearch {
 public:
  /// `row` outlives the search.
  explicit RINGMASTER_KERNEL TokenSearch(const LogitRow<kThreads, Lane>& row)
      : row_(row), end_(row.vocabulary) {}

  /// The sum of `measure(token)` over the vocabulary. Once, and before find().
  template <class Measure>
  [[nodiscard]] RINGMASTER_KERNEL std::uint64_t sum(Measure measure) const {
    sum_parts(measure);
    std::uint64_t total = 0;
    for (int warp = 0; warp < kWarps; ++warp) total += row_.memory.sums[warp];
    return total;
  }

  /// The first token up to and with which the measures exceed `before`. Once.
  /// Requires: sum() of the same measures does.
  template <class Measure>
  [[nodiscard]] RINGMASTER_KERNEL std::int32_t find(std::uint64_t before, Measure measure) {
    for (;;) {
      const std::int32_t size = part_size();
      int home = 0;
      while (home < kWarps - 1 && row_.memory.sums[home] <= before) {
        before -= row_.memory.sums[home++];
      }
      begin_ += home * size;
      end_ = begin_ + size < end_ ? begin_ + size : end_;
      row_.lane.sync();  // The sums are read before there are others.
      if (size == kWarp) break;
      sum_parts(measure);
    }
    if (row_.lane.thread() < kWarp) {
      const std::int32_t token = begin_ + row_.lane.thread();
      const std::uint64_t own = token < end_ ? measure(token) : 0;
      const std::uint64_t until = sum_until(row_.lane, own);
      if (until > before && until - own <= before) row_.memory.token = token;
    }
    row_.lane.sync();
    const std::int32_t found = row_.memory.token;
    row_.lane.sync();
    return found;
  }

 private:
  static constexpr int kWarps = kThreads / kWarp;

  /// Of a warp's part of [begin_, end_): whole warps.
  [[nodiscard]] RINGMASTER_KERNEL std::int32_t part_size() const {
    return (end_ - begin_ + kThreads - 1) / kThreads * kWarp;
  }

  template <class Measure>
  RINGMASTER_KERNEL void sum_parts(Measure measure) const {
    const std::int32_t size = part_size();
    const int warp = row_.lane.thread() / kWarp;
    const int lane_index = row_.lane.thread() % kWarp;
    const std::int32_t first = begin_ + warp * size;
    const std::int32_t end = first + size < end_ ? first + size : end_;
    std::uint64_t sum = 0;
    for (std::int32_t i = first + lane_index; i < end; i += kWarp) sum += measure(i);
    sum = warp_reduce(row_.lane, sum, Add{});
    if (lane_index == 0) row_.memory.sums[warp] = sum;
    row_.lane.sync();
  }

  const LogitRow<kThreads, Lane>& row_;
  std::int32_t begin_ = 0;  // Where the token is.
  std::int32_t end_;
};

}  // namespace ringmaster::engine::cuda
