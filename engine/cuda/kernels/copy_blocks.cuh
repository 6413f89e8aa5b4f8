#pragma once

#include <cstdint>

#include "engine/block_copy.h"
#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kv_layout.h"

namespace ringmaster::engine::cuda {

/// Copies whole KV blocks between the paged cache and the host tier, in which each block is one
/// run: [host blocks][layers][keys, values][elements of a block]. The tier is pinned memory, which
/// the GPU reads and writes by itself, so a step's copies take one launch, not one call for each
/// plane of each block. Grid: x is the copy, y the plane.
struct CopyBlocks {
  /// Copies of one launch; they travel as its arguments, of which a launch has 4 KB.
  static constexpr int kCopiesMax = 256;
  struct Args {
    Bf16* cache;
    Bf16* host;
    KvLayout kv;
    std::int32_t is_to_host;
    BlockCopy copies[kCopiesMax];
  };
  static constexpr int kThreads = 256;

  /// Elements of a block in all planes.
  [[nodiscard]] static constexpr std::int64_t block_elements(const KvLayout& kv) {
    return 2 * kv.layers * kv.block_stride();
  }

  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const Args& args) {
    const BlockCopy copy = args.copies[lane.block_x()];
    const std::int64_t width = args.kv.block_stride();
    auto* device = reinterpret_cast<Bf16x8*>(args.cache + lane.block_y() * args.kv.plane_stride() +
                                             copy.device * width);
    auto* host = reinterpret_cast<Bf16x8*>(args.host + copy.host * block_elements(args.kv) +
                                           lane.block_y() * width);
    const Bf16x8* from = args.is_to_host != 0 ? device : host;
    Bf16x8* to = args.is_to_host != 0 ? host : device;
    for (std::int64_t i = lane.thread(); i < width / 8; i += kThreads) to[i] = from[i];
  }
};

}  // namespace ringmaster::engine::cuda
