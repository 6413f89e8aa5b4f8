#pragma once

#include <cstdint>
#include <span>

#include "engine/block_copy.h"

namespace ringmaster::engine {

/// Whether all blocks are in [0, count). O(blocks), some at a time. Requires: count > 0.
[[nodiscard]] bool are_inside(std::span<const BlockId> blocks, std::int32_t count);

}  // namespace ringmaster::engine
