#pragma once

#include <cstdint>

#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/logit_bins.cuh"
#include "engine/cuda/kernels/logit_row.cuh"
#include "engine/cuda/kernels/reduce.cuh"
#include "engine/cuda/kernels/token_search.cuh"

namespace ringmaster::engine::cuda {

/// What filters have kept of a row of logits: a run from the top of its ranking, so that it is
/// described by where it ends, a key and the last token with that very key. Measures are integers,
/// so that no order of additions matters. The end is found without sorting, by sums in bins: first
/// of equal distances from the highest logit, then of the keys in the bin where the end lies, until
/// that is one key; tokens are so spread over many bins wherever the logits are. All threads of the
/// block call everything together.
template <int kThreads, class Lane>
class KeptRun {
 public:
  /// Everything is kept. `row` outlives the run; `highest` is its highest logit.
  RINGMASTER_KERNEL KeptRun(const LogitRow<kThreads, Lane>& row, float highest)
      : row_(row), highest_(highest) {}

  [[nodiscard]] RINGMASTER_KERNEL bool has(std::int32_t token) const {
    const std::uint32_t key = logit_key(row_.logits[token]);
    return key > end_key_ || (key == end_key_ && token <= end_token_);
  }

  /// Ends the run where its measures, from the best token down, first reach `wanted(their sum)`,
  /// which is not 0. Nothing is cut if they do not. Requires: tokens with equal logits measure the
  /// same.
  template <class Wanted, class Measure>
  RINGMASTER_KERNEL void cut(Wanted wanted, Measure measure) {
    const float farthest = row_.farthest(highest_);
    const float span = farthest < kSpanMax ? farthest : kSpanMax;
    const float scale = span > 0.0F ? static_cast<float>(Memory::kBins - 1) / span : 0.0F;
    const auto distance_bin = [&](std::int32_t token) {  // No higher for a lower logit.
      const float steps = (highest_ - row_.logits[token]) * scale;
      constexpr int kFarthest = Memory::kBins - 1;
      return kFarthest - (steps < kFarthest ? static_cast<int>(steps) : kFarthest);
    };
    const LogitBins<kThreads, Lane> bins(row_);
    bins.fill([&](std::int32_t token) { return has(token) ? distance_bin(token) : -1; }, measure);
    auto end = bins.find(wanted);
    if (end.bin < 0) return;
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    find_bounds([&](std::int32_t token) { return has(token) && distance_bin(token) == end.bin; },
                low, high);
    while (low < high) {
      int shift = 0;
      while ((high - low) >> shift >= Memory::kBins) ++shift;
      bins.fill(
          [&](std::int32_t token) {
            const std::uint32_t key = logit_key(row_.logits[token]);
            const bool is_in = key >= low && key <= high && has(token);
            return is_in ? static_cast<int>((key - low) >> shift) : -1;
          },
          measure);
      end = bins.find([&end](std::uint64_t) { return end.rest; });
      low += static_cast<std::uint32_t>(end.bin) << shift;
      const std::uint32_t width = (1U << shift) - 1;
      high = high - low > width ? low + width : high;
    }
    // Of the tokens with that key, as many as it takes, in token order.
    const auto own = [&](std::int32_t token) {
      return logit_key(row_.logits[token]) == low && has(token) ? measure(token) : std::uint64_t{0};
    };
    TokenSearch<kThreads, Lane> search(row_);
    static_cast<void>(search.sum(own));
    const std::int32_t last = search.find(end.rest - 1, own);
    end_key_ = low;
    end_token_ = last;
  }

 private:
  /// Distances up to which bins are told apart: of no use are those whose weight is 0 anyway, and
  /// a few logits far below all others must not make all bins wide.
  static constexpr float kSpanMax = 32.0F;

  /// The lowest and the highest key of the tokens that `is_in` names.
  template <class IsIn>
  RINGMASTER_KERNEL void find_bounds(IsIn is_in, std::uint32_t& low, std::uint32_t& high) const {
    const std::uint64_t bounds = row_.reduce(
        row_.memory.sums,
        [&](std::int32_t token) {
          const std::uint64_t key = logit_key(row_.logits[token]);
          return is_in(token) ? key << 32U | (0xffffffffU - key) : std::uint64_t{0};
        },
        HigherHalves{});
    low = 0xffffffffU - static_cast<std::uint32_t>(bounds);
    high = static_cast<std::uint32_t>(bounds >> 32U);
  }

  struct HigherHalves {
    RINGMASTER_KERNEL std::uint64_t operator()(std::uint64_t a, std::uint64_t b) const {
      const std::uint64_t upper = Higher{}(a >> 32U, b >> 32U);
      return upper << 32U | Higher{}(a & 0xffffffffU, b & 0xffffffffU);
    }
  };

  using Memory = LogitMemory<kThreads>;

  const LogitRow<kThreads, Lane>& row_;
  float highest_;
  // Every key above `end_key_` is kept, and tokens up to `end_token_` that have it.
  std::uint32_t end_key_ = 0;
  std::int32_t end_token_ = 0x7fffffff;
};

}  // namespace ringmaster::engine::cuda
