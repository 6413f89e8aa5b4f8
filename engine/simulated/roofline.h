#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/simulated/instance_profile.h"

namespace ringmaster::engine {

/// A decoder with grouped-query attention, gated MLP and an output matrix of its own; weights and
/// KV in bf16. Figures are those of the model's published config.json.
struct ModelShape {
  std::string_view name;
  std::int64_t layers = 0;
  std::int64_t hidden = 0;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;
  std::int64_t head_size = 0;
  std::int64_t intermediate = 0;
  std::int64_t vocabulary = 0;
  std::uint32_t context_tokens_max = 0;
};

/// Peak rates of one device, as its vendor's data sheet states them.
struct DeviceRates {
  std::string_view name;
  double bytes_per_second = 0;  ///< Of its memory.
  double flops_per_second = 0;  ///< Dense bf16, without sparsity.
  double memory_bytes = 0;
  double link_bytes_per_second = 0;  ///< To other devices, one direction.
  double host_bytes_per_second = 0;  ///< To host memory, by PCIe x16, one direction.
};

/// Qwen2.5 7B, 14B, 32B; Llama 3.1 8B, 70B. Qwen's context is the one it has without YaRN.
[[nodiscard]] std::span<const ModelShape> model_shapes();

/// H200 and H100 (SXM), A100 (SXM, 80 GB): links by NVLink. L40S: by PCIe 4.0 x16.
[[nodiscard]] std::span<const DeviceRates> device_rates();

/// The least of 1, 2, 4, 8 devices whose memory holds the weights and KV for 32,768 tokens; 8 if
/// none does.
[[nodiscard]] int devices_needed(const ModelShape& model, const DeviceRates& device);

/// The profile of a model split over `devices` devices (tensor parallel), from rates alone:
///
///   weights   = weight bytes / (0.75 * bandwidth)      every step reads all of them once
///   tau       = 2 * weights in matrices / (0.65 * FLOP/s) + exchange
///   attention = 4 * layers * heads * head size / (0.40 * FLOP/s), per pair of tokens
///   d         = 4 * layers * KV heads * head size / (0.75 * bandwidth), per KV token
///   a         = 0.5 ms + 2 * layers * 10 us if devices > 1;   c = 2 us
///   exchange  = two all-reduces a layer of 2 * hidden bytes, each 2 (devices - 1) / devices times
///               over a link at 0.60 of its rate
///   host      = KV bytes / (0.60 * PCIe rate), a token brought back from host memory, each device
///               over a link of its own
///
/// KV takes what 0.85 of the memory leaves beside the weights. The shares of peak and the fixed
/// times are assumptions of ours, not measurements: the name ends in kUncalibrated.
/// Requires: devices >= 1, and the weights fit.
[[nodiscard]] InstanceProfile roofline(const ModelShape& model, const DeviceRates& device,
                                       int devices);

}  // namespace ringmaster::engine
