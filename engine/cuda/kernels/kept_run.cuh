#pragma once

#include <cstdint>

#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/logit_row.cuh"
#include "engine/cuda/kernels/reduce.cuh"

namespace ringmaster::engine::cuda {

/// What filters have kept of a row of logits: a run from the top of its ranking, so that it is
/// described by where it ends, a key and the last token with that very key. Measures are integers,
/// so that no order of additions matters. The end is found by a radix search over the 32-bit keys,
/// eight bits at a time, without sorting. All threads of the block call everything together.
template <int kThreads, class Lane>
class KeptRun {
 public:
  /// Everything is kept. `row` outlives the run.
  explicit RINGMASTER_KERNEL KeptRun(const LogitRow<kThreads, Lane>& row) : row_(row) {}

  [[nodiscard]] RINGMASTER_KERNEL bool has(std::int32_t token) const {
    const std::uint32_t key = logit_key(row_.logits[token]);
    return key > end_key_ || (key == end_key_ && token <= end_token_);
  }

  /// Sum of `measure(token)` over what is kept.
  template <class Measure>
  [[nodiscard]] RINGMASTER_KERNEL std::uint64_t total(Measure measure) const {
    return row_.reduce(
        row_.memory.sums, [&](std::int32_t i) { return has(i) ? measure(i) : std::uint64_t{0}; },
        Add{});
  }

  /// Ends the run where its measures, from the best token down, first reach `wanted`. Requires:
  /// tokens with equal logits measure the same.
  template <class Measure>
  RINGMASTER_KERNEL void cut(std::uint64_t wanted, Measure measure) {
    std::uint32_t prefix = 0;
    std::uint32_t mask = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
      for (int i = row_.lane.thread(); i < Memory::kBins; i += kThreads) row_.memory.bins[i] = 0;
      row_.lane.sync();
      for (std::int32_t i = row_.lane.thread(); i < row_.vocabulary; i += kThreads) {
        const std::uint32_t key = logit_key(row_.logits[i]);
        if ((key & mask) != prefix || !has(i)) continue;
        const std::uint64_t measured = measure(i);
        if (measured > 0) row_.lane.atomic_add(&row_.memory.bins[key >> shift & 0xffU], measured);
      }
      row_.lane.sync();
      if (row_.lane.thread() == 0) find_bin(wanted);
      row_.lane.sync();
      // If all of it is less than wanted, nothing is cut.
      if (row_.memory.chosen == Memory::kBins) return;
      prefix |= static_cast<std::uint32_t>(row_.memory.chosen) << shift;
      mask |= 0xffU << shift;
      wanted -= row_.memory.above;
      row_.lane.sync();
    }
    // Of the tokens with the last key, as many as it takes, in token order.
    const std::int32_t last = find_in_order(wanted - 1, [&](std::int32_t i) {
      return logit_key(row_.logits[i]) == prefix && has(i) ? measure(i) : std::uint64_t{0};
    });
    end_key_ = prefix;
    end_token_ = last;
  }

  /// The first token, ascending, up to and with which the measures exceed `before`.
  /// Requires: the sum of all does.
  template <class Measure>
  [[nodiscard]] RINGMASTER_KERNEL std::int32_t find_in_order(std::uint64_t before,
                                                             Measure measure) const {
    const std::int32_t span = (row_.vocabulary + kThreads - 1) / kThreads * kWarp;
    const int warp = row_.lane.thread() / kWarp;
    const int lane_index = row_.lane.thread() % kWarp;
    const std::int32_t end =
        (warp + 1) * span < row_.vocabulary ? (warp + 1) * span : row_.vocabulary;
    std::uint64_t sum = 0;
    for (std::int32_t i = warp * span + lane_index; i < end; i += kWarp) sum += measure(i);
    sum = warp_reduce(row_.lane, sum, Add{});
    if (lane_index == 0) row_.memory.sums[warp] = sum;
    row_.lane.sync();
    std::uint64_t reached = 0;
    int home = 0;
    while (home < kWarps - 1 && reached + row_.memory.sums[home] <= before) {
      reached += row_.memory.sums[home++];
    }
    if (warp == home) find_in_span(warp * span, end, reached, before, measure);
    row_.lane.sync();
    const std::int32_t found = row_.memory.token;
    row_.lane.sync();
    return found;
  }

 private:
  /// The bin, from the highest down, in which the sum reaches `wanted`; Memory::kBins: none.
  RINGMASTER_KERNEL void find_bin(std::uint64_t wanted) const {
    std::uint64_t above = 0;
    int bin = Memory::kBins - 1;
    while (bin >= 0 && above + row_.memory.bins[bin] < wanted) above += row_.memory.bins[bin--];
    row_.memory.chosen = bin < 0 ? Memory::kBins : static_cast<std::uint64_t>(bin);
    row_.memory.above = above;
  }

  /// One warp goes through tokens [begin, end), 32 at a time, before which `reached` is summed up.
  template <class Measure>
  RINGMASTER_KERNEL void find_in_span(std::int32_t begin, std::int32_t end, std::uint64_t reached,
                                      std::uint64_t before, Measure measure) const {
    const int lane_index = row_.lane.thread() % kWarp;
    for (std::int32_t i = begin; i < end; i += kWarp) {
      const std::int32_t token = i + lane_index;
      const std::uint64_t own = token < end ? measure(token) : 0;
      const std::uint64_t tile = warp_reduce(row_.lane, own, Add{});
      if (reached + tile <= before && i + kWarp < end) {
        reached += tile;
        continue;
      }
      std::uint64_t until = reached;  // Up to and with this lane's token.
      for (int k = 0; k < kWarp; ++k) {
        const std::uint64_t other = row_.lane.shuffle(own, k);
        if (k <= lane_index) until += other;
      }
      if (own > 0 && until > before && until - own <= before) row_.memory.token = token;
      return;
    }
  }

  using Memory = LogitMemory<kThreads>;
  static constexpr int kWarps = kThreads / kWarp;

  const LogitRow<kThreads, Lane>& row_;
  // Every key above `end_key_` is kept, and tokens up to `end_token_` that have it.
  std::uint32_t end_key_ = 0;
  std::int32_t end_token_ = 0x7fffffff;
};

}  // namespace ringmaster::engine::cuda
