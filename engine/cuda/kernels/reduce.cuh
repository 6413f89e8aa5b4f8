#pragma once

#include <cstdint>

#include "engine/cuda/kernels/bf16.h"

// Reductions in a fixed order: the same bits on every run and in every batch.

namespace ringmaster::engine::cuda {

inline constexpr int kWarp = 32;

/// combine() of all lanes of a warp, on each of them. combine() is commutative.
template <class T, class Lane, class Combine>
RINGMASTER_KERNEL T warp_reduce(Lane& lane, T value, Combine combine) {
  RINGMASTER_UNROLL
  for (int mask = kWarp / 2; mask > 0; mask /= 2) {
    value = combine(value, lane.shuffle_xor(value, mask));
  }
  return value;
}

/// combine() of all threads of a block, on each of them. `scratch` is shared memory for one T per
/// warp; it may be used again after the next sync(). Requires: whole warps.
template <class T, class Lane, class Combine>
RINGMASTER_KERNEL T block_reduce(Lane& lane, T value, T* scratch, Combine combine) {
  value = warp_reduce(lane, value, combine);
  if (lane.thread() % kWarp == 0) scratch[lane.thread() / kWarp] = value;
  lane.sync();
  T total = scratch[0];
  for (int warp = 1; warp < lane.threads() / kWarp; ++warp) total = combine(total, scratch[warp]);
  return total;
}

/// The sum of the values of this lane of a warp and of those before it.
template <class T, class Lane>
RINGMASTER_KERNEL T sum_until(Lane& lane, T value) {
  const int index = lane.thread() % kWarp;
  RINGMASTER_UNROLL
  for (int by = 1; by < kWarp; by *= 2) {
    const T before = lane.shuffle(value, (index - by) & (kWarp - 1));
    if (index >= by) value += before;
  }
  return value;
}

struct Add {
  template <class T>
  RINGMASTER_KERNEL T operator()(T a, T b) const {
    return a + b;
  }
};

struct Higher {
  template <class T>
  RINGMASTER_KERNEL T operator()(T a, T b) const {
    return a > b ? a : b;
  }
};

}  // namespace ringmaster::engine::cuda
