#pragma once

#include <cstdint>

namespace ringmaster::engine {

/// Index of a KV block; also its row in the KV cache tensors.
using BlockId = std::int32_t;

/// Index of a KV block in host memory.
using HostBlockId = std::int32_t;

/// A whole KV block, all layers, between the device and the host.
struct BlockCopy {
  BlockId device = 0;
  HostBlockId host = 0;
  bool operator==(const BlockCopy&) const = default;
};

}  // namespace ringmaster::engine
