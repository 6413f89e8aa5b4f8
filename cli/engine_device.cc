#include "cli/engine_device.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/check.h"
#include "cli/profile_file.h"
#include "cli/prompt_encoder_folder.h"
#include "engine/cpu/cpu_executor.h"
#include "engine/cuda/cuda_executor.h"
#include "engine/cuda/cuda_library.h"
#include "engine/loaders/model_folder.h"
#include "engine/server/real_time_waiter.h"
#include "engine/tiny_model.h"

namespace ringmaster {
namespace {

std::int32_t blocks_for(std::uint64_t tokens, std::int32_t block_tokens) {
  const std::uint64_t blocks = tokens / static_cast<std::uint64_t>(block_tokens);
  return static_cast<std::int32_t>(std::clamp<std::uint64_t>(blocks, 1, 1U << 30U));
}

/// What a device that computes needs of a model's folder.
struct WholeModel {
  std::shared_ptr<const engine::LoadedModel> weights;
  std::shared_ptr<const PromptEncoder> encoder;
};

Result<WholeModel> load_model(const EngineSettings& settings) {
  if (settings.model.empty()) {
    return invalid("--model: expected the folder of a model; only --device sim works without");
  }
  auto weights = engine::load_model_folder(settings.model);
  if (!weights) return tl::unexpected(std::move(weights).error());
  auto encoder = load_prompt_encoder(settings.model);
  if (!encoder) return tl::unexpected(std::move(encoder).error());
  return WholeModel{.weights = std::move(*weights), .encoder = std::move(*encoder)};
}

Result<EngineDevice> open_cpu(const EngineSettings& settings, const DeviceOptions& options) {
  auto model = load_model(settings);
  if (!model) return tl::unexpected(std::move(model).error());
  const char* isa_name = std::getenv("RINGMASTER_ISA");  // For comparisons; the widest otherwise.
  auto isa = engine::parse_isa(isa_name == nullptr ? "" : isa_name);
  if (!isa) return tl::unexpected(std::move(isa.error()).while_doing("RINGMASTER_ISA"));
  engine::CpuOptions cpu{.block_tokens = settings.block_tokens,
                         .block_count = options.kv_blocks,
                         .host_block_count = options.host_kv_blocks,
                         .host_kv_bytes = options.host_kv_bytes,
                         .threads = static_cast<std::int32_t>(settings.threads),
                         .isa = *isa};
  if (options.kv_bytes > 0) {
    cpu.kv_bytes = options.kv_bytes;
  } else if (cpu.block_count == 0) {
    cpu.block_count =
        blocks_for(static_cast<std::uint64_t>(settings.kv_cache_tokens), settings.block_tokens);
  }
  auto executor = engine::make_cpu_executor(std::move(model->weights), cpu);
  if (!executor) return tl::unexpected(executor.error());
  return EngineDevice{.executor = std::move(*executor), .encoder = std::move(model->encoder)};
}

/// Where the choice of matrix products is kept from one start to the next; empty: nowhere.
std::string tuning_file() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache != '\0') return std::string(cache) + "/ringmaster/cuda-products";
  const char* home = std::getenv("HOME");
  return home == nullptr ? "" : std::string(home) + "/.cache/ringmaster/cuda-products";
}

/// What came of the wishes that a model or its weights may not grant.
std::vector<std::string> notes_of(const engine::ModelConfig& model, const engine::CudaOptions& cuda,
                                  double kv_error, double kv_error_max) {
  std::vector<std::string> notes;
  if (cuda.kv_type == engine::cuda::KvType::kE4m3) {
    char text[128];
    std::snprintf(
        text, sizeof text,
        "kv_cache_type=e4m3 kv_error=%.4f kv_error_max=%.4f: log-probabilities against bf16",
        kv_error, kv_error_max);
    notes.emplace_back(text);
  }
  if (cuda.prefill_kernel == engine::cuda::PrefillKernel::kWgmma) {
    notes.emplace_back(
        engine::prefill_kernel_of(model, cuda) == engine::cuda::PrefillKernel::kWgmma
            ? "prefill_kernel=wgmma"
            : "prefill_kernel=mma: wgmma is for heads of 64 or 128 and a KV cache of bf16");
  }
  return notes;
}

Result<const engine::cuda::CudaApi*> load_cuda() {
  const char* module = std::getenv("RINGMASTER_CUDA_MODULE");  // For tests of another build.
  auto api = engine::load_cuda_api(module == nullptr ? "" : module);
  if (!api) return tl::unexpected(std::move(api.error()).while_doing("--device cuda"));
  return api;
}

Result<EngineDevice> open_cuda(const EngineSettings& settings, const DeviceOptions& options) {
  const auto api = load_cuda();
  if (!api) return tl::unexpected(api.error());
  auto model = load_model(settings);
  if (!model) return tl::unexpected(std::move(model).error());
  const engine::CudaOptions cuda{
      .ordinal = options.gpu,
      .gpus = options.gpus,
      .block_tokens = settings.block_tokens,
      .block_count = options.kv_blocks,
      .host_block_count = options.host_kv_blocks,
      .host_kv_bytes = options.host_kv_bytes,
      .kv_type = options.kv_cache_type == "e4m3" ? engine::cuda::KvType::kE4m3
                                                 : engine::cuda::KvType::kBf16,
      .memory_utilization = options.memory_utilization,
      .step_tokens_max = settings.batch_tokens_max,
      .sequences_max = settings.batch_requests_max,
      .context_tokens_max = settings.context_tokens_max,
      .is_deterministic = options.is_deterministic,
      .overlaps_launches = options.overlaps_launches,
      .prefill_kernel = options.prefill_kernel == "wgmma" ? engine::cuda::PrefillKernel::kWgmma
                                                          : engine::cuda::PrefillKernel::kMma,
      .tuning_file = tuning_file()};
  auto gated = engine::make_gated_cuda_executor(model->weights, cuda, **api, options.kv_error_max);
  if (!gated) return tl::unexpected(Error(gated.error()).while_doing(settings.model));
  return EngineDevice{
      .executor = std::move(gated->executor),
      .encoder = std::move(model->encoder),
      .notes = notes_of(model->weights->config, cuda, gated->kv_error, options.kv_error_max)};
}

/// Tokens that make readable nonsense.
std::vector<TokenId> printable_tokens(const Tokenizer& tokenizer) {
  std::vector<TokenId> printable;
  for (TokenId token = 0; token < tokenizer.vocabulary_size(); ++token) {
    const std::string_view bytes = tokenizer.token_bytes(token);
    const bool is_printable =
        !bytes.empty() && std::ranges::all_of(bytes, [](char c) { return c >= 0x20 && c < 0x7f; });
    if (is_printable && !tokenizer.is_special(token)) printable.push_back(token);
  }
  return printable;
}

Result<engine::InstanceProfile> profile_of(const EngineSettings& settings,
                                           const DeviceOptions& options) {
  if (!options.sim_profile.empty()) {
    auto profile = load_profile(options.sim_profile);
    if (!profile) return tl::unexpected(std::move(profile.error()).while_doing("--sim-profile"));
    return profile;
  }
  return engine::InstanceProfile{
      .name = "settings",
      .prefill_seconds_per_token = settings.sim.prefill_seconds_per_token,
      .step_seconds = settings.sim.step_base_seconds,
      .step_seconds_per_sequence = settings.sim.decode_seconds_per_sequence,
      .step_seconds_per_kv_token = settings.sim.context_seconds_per_token,
      .device_kv_tokens = static_cast<std::uint64_t>(settings.kv_cache_tokens),
      .context_tokens_max = 32'768};
}

/// What a simulated device takes from a model: how its prompts become tokens, and its limits.
struct SimModel {
  std::shared_ptr<const PromptEncoder> encoder;
  std::int32_t vocabulary_size = 0;
  std::int32_t context_tokens_max = 0;  // 0: as the profile says.
  std::vector<TokenId> end_tokens;
};

Result<SimModel> load_sim_model(const std::string& folder) {
  auto config = engine::load_model_config(folder);
  if (!config) return tl::unexpected(config.error());
  auto encoder = load_prompt_encoder(folder);
  if (!encoder) return tl::unexpected(encoder.error());
  return SimModel{.encoder = std::move(*encoder),
                  .vocabulary_size = config->vocabulary_size,
                  .context_tokens_max = config->context_tokens_max,
                  .end_tokens = std::move(config->end_tokens)};
}

Result<SimModel> built_in_sim_model() {
  const auto files = engine::make_tiny_model({});
  const auto bytes_of = [&](std::string_view name) -> std::string_view {
    return std::ranges::find(files, name, &engine::ModelFile::name)->bytes;
  };
  auto encoder =
      PromptEncoder::create({.tokenizer_json = bytes_of("tokenizer.json"),
                             .tokenizer_config_json = bytes_of("tokenizer_config.json")});
  if (!encoder) return tl::unexpected(encoder.error());
  return SimModel{.encoder = std::move(*encoder)};
}

Result<EngineDevice> open_sim(const EngineSettings& settings, const DeviceOptions& options) {
  const auto profile = profile_of(settings, options);
  if (!profile) return tl::unexpected(profile.error());
  const auto model = settings.model.empty() ? built_in_sim_model() : load_sim_model(settings.model);
  if (!model) return tl::unexpected(model.error());
  const Tokenizer& tokenizer = model->encoder->tokenizer();
  engine::SimExecutorOptions sim{
      .model = {.name = "sim",
                .vocabulary_size = std::max(model->vocabulary_size, tokenizer.vocabulary_size()),
                // A profile speaks of another model than the one whose tokenizer is used.
                .context_tokens_max = options.sim_profile.empty() && model->context_tokens_max > 0
                                          ? model->context_tokens_max
                                          : static_cast<std::int32_t>(profile->context_tokens_max),
                .end_tokens = model->end_tokens},
      .block_tokens = settings.block_tokens,
      .block_count = options.kv_blocks > 0
                         ? options.kv_blocks
                         : blocks_for(profile->device_kv_tokens, settings.block_tokens),
      .profile = *profile,
      .seed = settings.seed,
      .output_tokens = printable_tokens(tokenizer)};
  EngineDevice device{.waiter = std::make_unique<engine::RealTimeWaiter>(options.sim_speed),
                      .encoder = model->encoder};
  device.executor = std::make_unique<engine::SimExecutor>(std::move(sim), device.waiter.get());
  return device;
}

}  // namespace

Result<EngineDevice> open_engine_device(const EngineSettings& settings,
                                        const DeviceOptions& options) {
  if (settings.device == "sim") return open_sim(settings, options);
  if (settings.device == "cpu") return open_cpu(settings, options);
  RINGMASTER_CHECK(settings.device == "cuda");
  return open_cuda(settings, options);
}

Result<std::int32_t> count_gpus() {
  const auto api = load_cuda();
  if (!api) return tl::unexpected(api.error());
  char reason[512] = {};
  return (*api)->device_count(reason, sizeof reason);
}

}  // namespace ringmaster
