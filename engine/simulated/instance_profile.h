#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ringmaster::engine {

/// How a profile was fitted to steps measured on a device, and how well it predicts others.
struct ProfileFit {
  std::string device;   ///< As its driver names it.
  std::string date;     ///< Of the measurement, as 2026-01-31.
  std::string command;  ///< That measures and fits again.
  std::uint64_t fitted_steps = 0;
  std::uint64_t held_out_steps = 0;  ///< Measured but not fitted; the errors are of these.
  /// Of |predicted - measured| / measured, each in [0, 10], mean and p90 at most max.
  double error_mean = 0;
  double error_p90 = 0;
  double error_max = 0;
};

/// What a model on a device costs: the one description of an instance for the simulated device of
/// the engine and for every instance model of the simulator. Durations are seconds; see step_time()
/// for the formula. Plain values; copies share nothing.
struct InstanceProfile {
  std::string name;
  double prefill_seconds_per_token = 0;  ///< tau: a prompt token computed.
  std::uint64_t kv_cache_tokens = 0;  ///< Of a prefix cache in host memory, where one is modelled.
  std::uint32_t prompt_tokens_max = 0;     ///< The simulator cuts longer prompts.
  double step_seconds = 0;                 ///< a: any step.
  double step_seconds_per_sequence = 0;    ///< c: a decoding sequence in it.
  double step_seconds_per_kv_token = 0;    ///< d: a token of KV that such a sequence reads.
  std::uint64_t device_kv_tokens = 0;      ///< That fit the device beside the weights.
  double weights_seconds = 0;              ///< Reading all weights once; hidden under arithmetic.
  double decode_seconds_per_token = 0;     ///< Arithmetic of a decoding sequence's token.
  double attention_seconds_per_pair = 0;   ///< A prefilled token and a token before it.
  double host_load_seconds_per_token = 0;  ///< KV from host memory back to the device.
  std::uint32_t context_tokens_max = 0;    ///< Of the model: prompt and output together.
  std::optional<ProfileFit> fit;           ///< Absent: nothing was measured.
};

/// What the names of profiles end in that nothing measured stands behind.
inline constexpr std::string_view kUncalibrated = "-uncalibrated";

/// The built-in profiles. "qwen2.5-7b@910b4" and "qwen2.5-14b@910b3" are two set-ups of the DualMap
/// paper (arXiv 2602.06502): tau, the cache size and the prompt limit are its constants; a, c, d,
/// the device's KV and the way back from host memory (57,344 and 196,608 bytes a token over a PCIe
/// 4.0 x16 link at 0.60 of its 32 GB/s) are assumptions, not measurements. All others are rooflines
/// (roofline.h).
[[nodiscard]] std::span<const InstanceProfile> profiles();

/// Fails with kInvalidArgument, listing the known names.
[[nodiscard]] Result<InstanceProfile> find_profile(std::string_view name);

}  // namespace ringmaster::engine
