#pragma once

#include <cstdint>

#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/logit_row.cuh"
#include "engine/cuda/kernels/reduce.cuh"

namespace ringmaster::engine::cuda {

/// Sums of measures of tokens in LogitMemory::kBins bins. All threads of the block call everything
/// together.
///
/// Additions to one bin wait for each other (of 64 bits in shared memory, they are tried until
/// nobody was in between), so tokens should be spread over the bins; in the lowest may be any
/// number of them, and any number that a thread meets one after the other, as where all logits are
/// equal.
template <int kThreads, class Lane>
class LogitBins {
 public:
  /// Where a sum from the highest bin down reaches what was sought.
  struct Found {
    std::int32_t bin;    ///< -1: nowhere.
    std::uint64_t rest;  ///< How much of it the bin's own tokens have to bring.
  };

  /// `row` outlives the bins.
  explicit RINGMASTER_KERNEL LogitBins(const LogitRow<kThreads, Lane>& row) : row_(row) {}

  /// The sums of measures by `bin_of(token)`; -1: in none.
  template <class BinOf, class Measure>
  RINGMASTER_KERNEL void fill(BinOf bin_of, Measure measure) const {
    for (int i = row_.lane.thread(); i < Memory::kBins; i += kThreads) row_.memory.bins[i] = 0;
    row_.lane.sync();
    std::uint64_t lowest_bin = 0;
    int run_bin = 0;  // Of the last token that was in any other, and of those just before it.
    std::uint64_t run = 0;
    RINGMASTER_NO_UNROLL  // An addition is a loop itself.
        for (std::int32_t i = row_.lane.thread(); i < row_.vocabulary; i += kThreads) {
      const int bin = bin_of(i);
      if (bin < 0) continue;
      if (bin > 0 && bin != run_bin) {
        add(run_bin, run);
        run_bin = bin;
        run = 0;
      }
      (bin == 0 ? lowest_bin : run) += measure(i);
    }
    add_of_warp(0, lowest_bin);
    const int shared_bin = warp_reduce(row_.lane, run_bin, Higher{});
    add_of_warp(shared_bin, run_bin == shared_bin ? run : 0);
    if (run_bin != shared_bin) add(run_bin, run);
    row_.lane.sync();
  }

  /// Where the sum reaches `wanted(sum of all)`, which is not 0. After fill().
  template <class Wanted>
  [[nodiscard]] RINGMASTER_KERNEL Found find(Wanted wanted) const {
    constexpr int kOwnBins = Memory::kBins / kWarp;
    if (row_.lane.thread() < kWarp) {
      int bin = Memory::kBins - 1 - row_.lane.thread() * kOwnBins;
      std::uint64_t own = 0;
      for (int i = 0; i < kOwnBins; ++i) own += row_.memory.bins[bin - i];
      const std::uint64_t until = sum_until(row_.lane, own);
      const std::uint64_t all = row_.lane.shuffle(until, kWarp - 1);
      const std::uint64_t sought = wanted(all);
      std::uint64_t rest = sought - (until - own);
      if (all < sought) {
        row_.memory.bin = -1;
      } else if (until >= sought && until - own < sought) {
        while (row_.memory.bins[bin] < rest) rest -= row_.memory.bins[bin--];
        row_.memory.bin = bin;
        row_.memory.rest = rest;
      }
    }
    row_.lane.sync();
    return {row_.memory.bin, row_.memory.rest};
  }

 private:
  using Memory = LogitMemory<kThreads>;

  RINGMASTER_KERNEL void add(int bin, std::uint64_t sum) const {
    if (sum > 0) row_.lane.atomic_add(&row_.memory.bins[bin], sum);
  }
  /// The sums of a warp's threads together.
  RINGMASTER_KERNEL void add_of_warp(int bin, std::uint64_t sum) const {
    sum = warp_reduce(row_.lane, sum, Add{});
    if (row_.lane.thread() % kWarp == 0) add(bin, sum);
  }

  const LogitRow<kThreads, Lane>& row_;
};

}  // namespace ringmaster::engine::cuda
