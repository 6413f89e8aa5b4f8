#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/cuda/kv_gate.h"
#include "engine/cuda/kv_probe.h"
#include "tests/engine_check/engine_checks.h"
#include "tests/support/tiny_model_folder.h"

namespace ringmaster::engine {
namespace {

const char* name_of(TinyShape shape) {
  switch (shape) {
    case TinyShape::kTinyLlama:
      return "tiny llama";
    case TinyShape::kTinyQwen2:
      return "tiny qwen2";
    case TinyShape::kTinyQwen3:
      return "tiny qwen3";
    case TinyShape::kToy:
      return "toy";
  }
  return "";
}

void print_difference(const std::string& what, double value, const char* bar, const char* verdict) {
  std::printf("speed | %-36s | %8.4f | %6s | %s | mean difference of log-probabilities\n",
              what.c_str(), value, bar, verdict);
}

/// What the same tokens cost in bfloat16 alone: the device against the cpu, which adds and keeps
/// in f32. Nothing if one of them cannot be opened or fails.
void print_rounding(const DeviceChoice& choice) {
  DeviceChoice cpu = choice;
  cpu.name = "cpu";
  std::vector<ProbedPlace> next[2];
  for (const auto& [device_choice, to] : {std::pair(cpu, 0), std::pair(choice, 1)}) {
    auto device = open_tiny(device_choice, {.blocks = 64});
    if (!device) return;
    auto probed = probe_next_tokens(**device);
    if (!probed) return;
    next[to] = std::move(*probed);
  }
  print_difference("KV in bf16 against the cpu, " + std::string(name_of(choice.shape)),
                   mean_difference(next[0], next[1]), "-", "-");
}

}  // namespace

int check_kv_cache(const DeviceChoice& choice, bool is_large) {
  const auto api = load_module(choice);
  if (!api) return refuse(api.error());
  const auto model = is_large ? large_model() : load_tiny_model({.shape = choice.shape});
  const CudaOptions options{.kv_type = cuda::KvType::kE4m3,
                            .memory_utilization = is_large ? 0.9 : 0.3,
                            .step_tokens_max = 512,
                            .sequences_max = 8,
                            .context_tokens_max = 512,
                            .is_deterministic = choice.is_deterministic,
                            .tuning_file = tuning_file()};
  const auto gated = make_gated_cuda_executor(model, options, **api, 1e9);
  if (!gated) return refuse(gated.error());
  if (!is_large) print_rounding(choice);
  const bool passed = gated->kv_error <= kKvErrorMax;
  char bar[16];
  std::snprintf(bar, sizeof bar, "%.2f", kKvErrorMax);
  print_difference("KV in e4m3, " + (is_large ? model->name : name_of(choice.shape)),
                   gated->kv_error, bar, passed ? "met" : "MISSED");
  return passed ? 0 : 1;
}

}  // namespace ringmaster::engine
