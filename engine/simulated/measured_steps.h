#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/simulated/step_time.h"

namespace ringmaster::engine {

/// What a step did and how long the device took for it.
struct MeasuredStep {
  StepLoad load;
  double seconds = 0;  ///< More than 0.
};

/// Steps of one model on one device, as `gpu_check steps` measures them.
struct MeasuredSteps {
  std::string device;  ///< As its driver names it.
  std::uint64_t device_kv_tokens = 0;
  std::uint32_t context_tokens_max = 0;
  std::vector<MeasuredStep> steps;
};

/// Reads a file of steps: lines "# device NAME", "# device_kv_tokens N", "# context_tokens_max N",
/// a line with the names of the columns (prefill_tokens, decode_sequences, kv_tokens, pairs,
/// seconds), then a line of numbers per step, at most 100,000.
///
/// Fails with kInvalidArgument, "file:line: expected ...".
[[nodiscard]] Result<MeasuredSteps> parse_measured_steps(std::string_view text,
                                                         std::string_view file);

}  // namespace ringmaster::engine
