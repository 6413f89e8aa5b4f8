#include "engine/simulated/roofline.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/check.h"

namespace ringmaster::engine {
namespace {

constexpr double kMatrixShare = 0.65;  // Of peak FLOP/s, in matrix products of a prefill.
constexpr double kAttentionShare = 0.40;
constexpr double kStreamShare = 0.75;  // Of peak bandwidth, when weights or KV are read.
constexpr double kLinkShare = 0.60;
constexpr double kMemoryShare = 0.85;  // For weights and KV; activations take the rest.
constexpr double kStepSeconds = 0.0005;
constexpr double kSequenceSeconds = 2e-6;
constexpr double kAllReduceSeconds = 10e-6;
constexpr double kBytesPerValue = 2;  // bf16
constexpr double kKvTokensMin = 32'768;
constexpr std::uint32_t kOutputTokens = 2048;  // Left free in the context beside a prompt.

// Sources: the config.json of Qwen/Qwen2.5-{7B,14B,32B}-Instruct and meta-llama/Llama-3.1-{8B,70B}.
constexpr std::array kModels{
    ModelShape{"qwen2.5-7b", 28, 3584, 28, 4, 128, 18'944, 152'064, 32'768},
    ModelShape{"llama-3.1-8b", 32, 4096, 32, 8, 128, 14'336, 128'256, 131'072},
    ModelShape{"qwen2.5-14b", 48, 5120, 40, 8, 128, 13'824, 152'064, 32'768},
    ModelShape{"qwen2.5-32b", 64, 5120, 40, 8, 128, 27'648, 152'064, 32'768},
    ModelShape{"llama-3.1-70b", 80, 8192, 64, 8, 128, 28'672, 128'256, 131'072},
};

// Sources: NVIDIA's data sheets of the H200, H100, A100 80GB and L40S. A sheet that states FLOP/s
// with sparsity is halved; a link that it states for both directions is too.
constexpr std::array kDevices{
    DeviceRates{"h200", 4.8e12, 989e12, 141e9, 450e9, 64e9},
    DeviceRates{"h100", 3.35e12, 989e12, 80e9, 450e9, 64e9},
    DeviceRates{"a100", 2.039e12, 312e12, 80e9, 300e9, 32e9},
    DeviceRates{"l40s", 0.864e12, 362e12, 48e9, 32e9, 32e9},
};

double matrix_weights(const ModelShape& m) {
  const std::int64_t attention = m.hidden * m.head_size * (2 * m.heads + 2 * m.kv_heads);
  const std::int64_t mlp = 3 * m.hidden * m.intermediate;
  return static_cast<double>(m.layers * (attention + mlp));
}

double table_weights(const ModelShape& m) {
  return static_cast<double>(m.vocabulary * m.hidden);
}

/// Input table, layers and output matrix.
double weight_bytes(const ModelShape& m) {
  return kBytesPerValue * (matrix_weights(m) + 2 * table_weights(m));
}

double kv_bytes_per_token(const ModelShape& m) {
  return kBytesPerValue * static_cast<double>(2 * m.layers * m.kv_heads * m.head_size);
}

double kv_tokens(const ModelShape& model, const DeviceRates& device, int devices) {
  const double memory = kMemoryShare * device.memory_bytes * devices;
  return (memory - weight_bytes(model)) / kv_bytes_per_token(model);
}

/// Of the partial sums of one token, over all layers.
double exchange_seconds(const ModelShape& model, const DeviceRates& device, int devices) {
  const double bytes = kBytesPerValue * static_cast<double>(2 * model.layers * model.hidden);
  return bytes * 2 * (devices - 1) / devices / (kLinkShare * device.link_bytes_per_second);
}

}  // namespace

std::span<const ModelShape> model_shapes() {
  return kModels;
}

std::span<const DeviceRates> device_rates() {
  return kDevices;
}

int devices_needed(const ModelShape& model, const DeviceRates& device) {
  int devices = 1;
  while (devices < 8 && kv_tokens(model, device, devices) < kKvTokensMin) devices *= 2;
  return devices;
}

InstanceProfile roofline(const ModelShape& model, const DeviceRates& device, int devices) {
  RINGMASTER_CHECK(devices >= 1);
  const double kv = kv_tokens(model, device, devices);
  RINGMASTER_CHECK(kv >= 1);
  const double bandwidth = kStreamShare * device.bytes_per_second * devices;
  const double matrix_rate = kMatrixShare * device.flops_per_second * devices;
  const double attention_rate = kAttentionShare * device.flops_per_second * devices;
  const double exchange = exchange_seconds(model, device, devices);
  const double pair_flops = static_cast<double>(4 * model.layers * model.heads * model.head_size);
  const double output_flops = 2 * table_weights(model);
  const auto device_kv_tokens = static_cast<std::uint64_t>(kv);
  const auto context = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(model.context_tokens_max, device_kv_tokens));
  const std::string count = devices > 1 ? std::to_string(devices) + "x" : "";
  return {
      .name = std::string(model.name) + "@" + count + std::string(device.name) +
              std::string(kUncalibrated),
      .prefill_seconds_per_token = 2 * matrix_weights(model) / matrix_rate + exchange,
      .kv_cache_tokens = device_kv_tokens,
      .prompt_tokens_max = context - kOutputTokens,
      .step_seconds =
          kStepSeconds +
          (devices > 1 ? static_cast<double>(2 * model.layers) * kAllReduceSeconds : 0.0),
      .step_seconds_per_sequence = kSequenceSeconds,
      .step_seconds_per_kv_token = kv_bytes_per_token(model) / bandwidth,
      .device_kv_tokens = device_kv_tokens,
      // Of the input table a step reads only some rows.
      .weights_seconds = (weight_bytes(model) - kBytesPerValue * table_weights(model)) / bandwidth,
      .decode_seconds_per_token =
          (2 * matrix_weights(model) + output_flops) / matrix_rate + exchange,
      .attention_seconds_per_pair = pair_flops / attention_rate,
      .host_load_seconds_per_token =
          kv_bytes_per_token(model) / (kLinkShare * device.host_bytes_per_second * devices),
      .context_tokens_max = model.context_tokens_max};
}

}  // namespace ringmaster::engine
