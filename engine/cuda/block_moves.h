#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "engine/cuda/cuda_api.h"
#include "engine/cuda/device_model.h"
#include "engine/cuda/kernels/copy_blocks.cuh"
#include "engine/cuda/kv_layout.h"

namespace ringmaster::engine::cuda {

/// Makes copies of one kind, in launches of CopyBlocks::kCopiesMax. `Device` is ForwardPass's.
template <class Device>
void move_blocks(Device& device, const DeviceBuffers& buffers, const KvLayout& kv, bool is_to_host,
                 std::span<const BlockCopy> copies) {
  while (!copies.empty()) {
    const auto part = copies.first(std::min<std::size_t>(copies.size(), CopyBlocks::kCopiesMax));
    CopyBlocks::Args args{.cache = buffers.cache,
                          .host = buffers.host_cache,
                          .kv = kv,
                          .is_to_host = is_to_host ? 1 : 0,
                          .copies = {}};
    std::copy(part.begin(), part.end(), args.copies);
    device.template launch<CopyBlocks>({static_cast<int>(part.size()), 2 * kv.layers}, 0, args);
    copies = copies.subspan(part.size());
  }
}

/// What a step wants copied before anything is computed: its saves, then its loads.
template <class Device>
void move_blocks(Device& device, const DeviceBuffers& buffers, const KvLayout& kv,
                 const CudaStep& step) {
  const auto list = [](const BlockCopy* copies, std::int32_t count) {
    return std::span(copies, static_cast<std::size_t>(count));
  };
  move_blocks(device, buffers, kv, true, list(step.saves, step.save_count));
  move_blocks(device, buffers, kv, false, list(step.loads, step.load_count));
}

}  // namespace ringmaster::engine::cuda
