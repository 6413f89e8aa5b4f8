#pragma once

#include <cstdint>
#include <vector>

#include "engine/cuda/block_moves.h"
#include "tests/gpu/kernel_cases.h"

namespace ringmaster::engine::cuda {

/// Blocks saved to the host and others loaded from there, more than one launch takes, in every
/// plane of an odd layout; nothing else may change.
template <class Device>
CaseResult copy_case(Device& device, std::int32_t layers, std::int32_t block_tokens,
                     std::int32_t copies, KvType type = KvType::kBf16) {
  const KvLayout kv{.layers = layers,
                    .blocks = copies + 5,
                    .kv_heads = 3,
                    .block_tokens = block_tokens,
                    .head_dim = 16,
                    .type = type};
  const std::int32_t host_blocks = 2 * copies + 1;
  const auto run = static_cast<std::size_t>(CopyBlocks::block_elements(kv));
  auto cache = random_bf16(21, static_cast<std::size_t>(kv.units()));
  auto host = random_bf16(22, run * static_cast<std::size_t>(host_blocks));
  std::vector<BlockCopy> saves;
  std::vector<BlockCopy> loads;
  for (std::int32_t i = 0; i < copies; ++i) {
    saves.push_back({.device = (i * 7 + 3) % kv.blocks, .host = host_blocks - 1 - i});
    loads.push_back({.device = kv.blocks - 1 - i, .host = i});
  }
  DeviceBuffers buffers;
  buffers.cache = device.upload(cache);
  buffers.host_cache = device.upload(host);
  CudaStep step;
  step.saves = saves.data();
  step.loads = loads.data();
  step.save_count = step.load_count = copies;
  move_blocks(device, buffers, kv, step);

  const auto width = static_cast<std::size_t>(kv.block_stride());
  const auto move = [&](const BlockCopy& copy, bool is_to_host) {
    for (std::size_t plane = 0; plane < run / width; ++plane) {
      auto in_cache = cache.begin() + static_cast<std::ptrdiff_t>(
                                          plane * static_cast<std::size_t>(kv.plane_stride()) +
                                          static_cast<std::size_t>(copy.device) * width);
      auto in_host = host.begin() + static_cast<std::ptrdiff_t>(
                                        static_cast<std::size_t>(copy.host) * run + plane * width);
      if (is_to_host) {
        std::copy_n(in_cache, width, in_host);
      } else {
        std::copy_n(in_host, width, in_cache);
      }
    }
  };
  for (const BlockCopy& copy : saves) move(copy, true);
  for (const BlockCopy& copy : loads) move(copy, false);
  CaseResult result{.name = "copy_blocks " + std::to_string(layers) + " layers, " +
                            std::to_string(copies) + " copies" +
                            (type == KvType::kE4m3 ? ", e4m3" : ""),
                    .bound = 0.0};
  const auto compare = [&](const Bf16s& got, const Bf16s& want) {
    for (std::size_t i = 0; i < want.size(); ++i) {
      note(result.error, got[i].bits == want[i].bits ? 0.0 : 1.0);
    }
  };
  compare(device.download(buffers.cache, cache.size()), cache);
  compare(device.download(buffers.host_cache, host.size()), host);
  return result;
}

}  // namespace ringmaster::engine::cuda
