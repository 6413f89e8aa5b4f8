#include "engine/simulated/step_time_model.h"

#include <algorithm>
#include <array>
#include <string>

namespace ringmaster::engine {
namespace {

struct ModelShape {
  double weight_bytes;
  double flops_per_token;  // Of all matrices, attention aside.
  double kv_bytes_per_token;
  double attention_flops_per_pair;  // 4 * layers * heads * head size.
  std::int32_t context_tokens_max;
};

struct DeviceRates {
  double bytes_per_second;
  double flops_per_second;  // Dense bf16 peak.
  double memory_bytes;
};

// From the models' published config.json; weights in bf16.
constexpr ModelShape kQwen7b{15.2e9, 13.05e9, 57'344, 401'408, 32'768};
constexpr ModelShape kLlama8b{16.1e9, 14.0e9, 131'072, 524'288, 131'072};

// Vendors' data sheets.
constexpr DeviceRates kH200{4.8e12, 989e12, 141e9};
constexpr DeviceRates kH100{3.35e12, 989e12, 80e9};
constexpr DeviceRates kA100{2.04e12, 312e12, 80e9};
constexpr DeviceRates kL40s{0.864e12, 362e12, 48e9};

// Assumed shares of peak: matrix products 0.65, attention 0.4, streaming 0.75; 0.85 of the memory
// is for weights and KV; half a millisecond a step goes to launches and sampling.
constexpr StepTimeModel roofline(std::string_view name, const ModelShape& shape,
                                 const DeviceRates& device) {
  const double bandwidth = 0.75 * device.bytes_per_second;
  const double arithmetic = shape.flops_per_token / (0.65 * device.flops_per_second);
  return {.name = name,
          .base = 0.0005,
          .weights = shape.weight_bytes / bandwidth,
          .prefill = arithmetic,
          .token = arithmetic,
          .sequence = 2e-6,
          .context = shape.kv_bytes_per_token / bandwidth,
          .attention = shape.attention_flops_per_pair / (0.4 * device.flops_per_second),
          .kv_tokens = static_cast<std::int64_t>((0.85 * device.memory_bytes - shape.weight_bytes) /
                                                 shape.kv_bytes_per_token),
          .context_tokens_max = shape.context_tokens_max};
}

constexpr std::array kProfiles{
    StepTimeModel{.name = "qwen2.5-7b@910b4",
                  .base = 0.019,
                  .prefill = 0.00016,
                  .sequence = 0.0001,
                  .context = 7.2e-8,
                  .kv_tokens = 180'000,
                  .context_tokens_max = 32'768},
    StepTimeModel{.name = "qwen2.5-14b@910b3",
                  .base = 0.019,
                  .prefill = 0.000127,
                  .sequence = 0.0001,
                  .context = 1.2e-7,
                  .kv_tokens = 122'000,
                  .context_tokens_max = 32'768},
    roofline("qwen2.5-7b@h200", kQwen7b, kH200),
    roofline("qwen2.5-7b@h100", kQwen7b, kH100),
    roofline("qwen2.5-7b@a100", kQwen7b, kA100),
    roofline("qwen2.5-7b@l40s", kQwen7b, kL40s),
    roofline("llama-3.1-8b@h200", kLlama8b, kH200),
    roofline("llama-3.1-8b@h100", kLlama8b, kH100),
};

}  // namespace

Duration step_time(const StepTimeModel& model, const StepInput& input) {
  double prefill_tokens = 0;
  double decoding = 0;
  double context = 0;
  double pairs = 0;
  for (const StepSequence& sequence : input.sequences) {
    const double query = sequence.query_tokens;
    if (sequence.query_tokens == 1) {
      decoding += 1;
      context += sequence.context_tokens;
    } else {
      const double before = sequence.context_tokens - query;
      prefill_tokens += query;
      pairs += query * before + query * query / 2;
    }
  }
  const double arithmetic = model.prefill * prefill_tokens + model.token * decoding;
  return from_seconds(model.base + std::max(model.weights, arithmetic) + model.sequence * decoding +
                      model.context * context + model.attention * pairs);
}

std::span<const StepTimeModel> step_time_profiles() {
  return kProfiles;
}

Result<StepTimeModel> find_step_time_profile(std::string_view name) {
  const auto found = std::ranges::find(kProfiles, name, &StepTimeModel::name);
  if (found != kProfiles.end()) return *found;
  std::string known;
  for (const StepTimeModel& profile : kProfiles) {
    known += (known.empty() ? "" : ", ") + std::string(profile.name);
  }
  return invalid("unknown profile '" + std::string(name) + "': expected one of " + known);
}

}  // namespace ringmaster::engine
