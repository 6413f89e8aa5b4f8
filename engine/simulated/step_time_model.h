#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "engine/executor.h"

namespace ringmaster::engine {

/// How long a device takes for a step:
///
///   base + max(weights, prefill * prefill tokens + token * decoding sequences)
///        + sequence * decoding sequences + context * tokens of KV that these read
///        + attention * pairs of a prefill token and a token before it
///
/// all in seconds. The linear profiles of the simulator leave weights, token and attention at 0;
/// the roofline ones derive all from bandwidth and arithmetic rate.
struct StepTimeModel {
  std::string_view name;
  double base = 0.0;
  double weights = 0.0;        ///< Reading all weights once; hidden under enough arithmetic.
  double prefill = 0.0;        ///< Per prompt token computed.
  double token = 0.0;          ///< Arithmetic of a decoding sequence's token.
  double sequence = 0.0;       ///< Per decoding sequence.
  double context = 0.0;        ///< Per KV token read by decoding sequences.
  double attention = 0.0;      ///< Per (prefill token, earlier token) pair.
  std::int64_t kv_tokens = 0;  ///< That fit the device.
  std::int32_t context_tokens_max = 0;  ///< Of the model.
};

/// Duration of one step under the model.
[[nodiscard]] Duration step_time(const StepTimeModel& model, const StepInput& input);

/// The built-in profiles. `...@910b4` and `...@910b3` carry the constants of the DualMap paper
/// (arXiv 2602.06502) for prefill, and assumptions for the rest; the GPU profiles are rooflines of
/// published peak rates at the efficiencies noted beside them, not calibrated on a device.
[[nodiscard]] std::span<const StepTimeModel> step_time_profiles();

/// Fails with kInvalidArgument and the known names.
[[nodiscard]] Result<StepTimeModel> find_step_time_profile(std::string_view name);

}  // namespace ringmaster::engine
