#pragma once

#include "base/result.h"
#include "engine/executor.h"

namespace ringmaster::engine {

/// What a step may refer to.
struct StepLimits {
  std::int32_t vocabulary_size = 0;
  std::int32_t block_tokens = 0;
  std::int32_t block_count = 0;
  std::int32_t host_block_count = 0;
  std::int32_t slots = 0;  ///< Whose newest samples may stand for tokens; 0: none.
};

/// Whether a step is consistent and stays inside the model's vocabulary and the cache's blocks. A
/// fault is the engine's bug, but one that must not write into another sequence's memory.
///
/// Fails with kInternal, naming what is wrong. O(tokens + blocks).
[[nodiscard]] Status check_step(const StepInput& step, const StepLimits& limits);

}  // namespace ringmaster::engine
