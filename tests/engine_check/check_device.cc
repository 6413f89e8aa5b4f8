#include "tests/engine_check/check_device.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

#include "engine/cpu/cpu_executor.h"
#include "engine/cuda/cuda_executor.h"
#include "engine/cuda/cuda_library.h"
#include "engine/server/real_time_waiter.h"
#include "engine/simulated/sim_executor.h"
#include "tests/support/tiny_model_folder.h"

namespace ringmaster::engine {
namespace {

constexpr std::int32_t kContextTokens = 4096;

/// Keeps what a device refers to alive.
template <class Kept>
class KeepingExecutor : public Executor {
 public:
  KeepingExecutor(Kept kept, std::shared_ptr<Executor> device)
      : kept_(std::move(kept)), device_(std::move(device)) {}

  const ModelInfo& model() const override { return device_->model(); }
  std::int32_t block_tokens() const override { return device_->block_tokens(); }
  std::int32_t block_count() const override { return device_->block_count(); }
  std::int32_t steps_in_flight_max() const override { return device_->steps_in_flight_max(); }
  void submit(const StepInput& input) override { device_->submit(input); }
  Status wait(StepOutput& output) override { return device_->wait(output); }
  bool is_lost() const override { return device_->is_lost(); }

 protected:
  Kept kept_;  // Outlives the device.
  std::shared_ptr<Executor> device_;
};

class LimitedExecutor final : public KeepingExecutor<std::int32_t> {
 public:
  using KeepingExecutor::KeepingExecutor;
  std::int32_t block_count() const override { return kept_; }
};

ModelConfig qwen_7b() {
  return {.architecture = Architecture::kQwen2,
          .layers = 28,
          .hidden = 3584,
          .heads = 28,
          .kv_heads = 4,
          .head_dim = 128,
          .feed_forward = 18'944,
          .vocabulary_size = 152'064,
          .context_tokens_max = kContextTokens,
          .rope_theta = 1e6,
          .qkv_bias = true};
}

Result<std::shared_ptr<Executor>> open_cuda(std::shared_ptr<const LoadedModel> model,
                                            const DeviceChoice& choice, const DeviceSize& size,
                                            double memory_utilization) {
  const auto api = load_module(choice);
  if (!api) return tl::unexpected(api.error());
  auto device = make_cuda_executor(std::move(model),
                                   {.gpus = choice.gpus,
                                    .block_tokens = size.block_tokens,
                                    .block_count = size.blocks,
                                    .kv_type = choice.kv_type,
                                    .memory_utilization = memory_utilization,
                                    .step_tokens_max = size.step_tokens_max,
                                    .sequences_max = size.sequences_max,
                                    .is_deterministic = choice.is_deterministic,
                                    .overlaps_launches = choice.overlaps_launches,
                                    .prefill_kernel = choice.prefill_kernel,
                                    .tuning_file = tuning_file()},
                                   **api);
  if (!device) return tl::unexpected(device.error());
  return std::shared_ptr<Executor>(std::move(*device));
}

std::shared_ptr<Executor> open_sim(const DeviceSize& size, ModelInfo model, StepWaiter* waiter) {
  return std::make_shared<SimExecutor>(
      SimExecutorOptions{.model = std::move(model),
                         .block_tokens = size.block_tokens,
                         .block_count = size.blocks > 0 ? size.blocks : 1 << 16,
                         .profile = find_profile("qwen2.5-7b@h200-uncalibrated").value()},
      waiter);
}

}  // namespace

// A check opens the same shapes many times; choosing their products anew would take most of it.
std::string tuning_file() {
  return (std::filesystem::temp_directory_path() / "ringmaster-engine-check-products").string();
}

std::shared_ptr<const LoadedModel> large_model() {
  auto model =
      std::make_shared<LoadedModel>(LoadedModel{.name = "qwen2.5-7b", .config = qwen_7b()});
  model->weights.layers.resize(static_cast<std::size_t>(model->config.layers));
  return model;
}

Result<const cuda::CudaApi*> load_module(const DeviceChoice& choice) {
  if (choice.name != "cuda") return nullptr;
  const char* module = std::getenv("RINGMASTER_CUDA_MODULE");
  return load_cuda_api(choice.module.empty() && module != nullptr ? module : choice.module);
}

Result<std::shared_ptr<Executor>> open_tiny(const DeviceChoice& choice, const DeviceSize& size) {
  if (choice.name == "sim") {
    return open_sim(size, {.name = "sim", .vocabulary_size = 512, .context_tokens_max = 512},
                    nullptr);
  }
  auto model = load_tiny_model({.shape = choice.shape});
  if (choice.name == "cuda") return open_cuda(std::move(model), choice, size, 0.3);
  auto device = make_cpu_executor(
      std::move(model),
      {.block_tokens = size.block_tokens, .block_count = size.blocks, .threads = 1});
  if (!device) return tl::unexpected(device.error());
  return std::shared_ptr<Executor>(std::move(*device));
}

Result<std::shared_ptr<Executor>> open_large(const DeviceChoice& choice, const DeviceSize& size) {
  if (choice.name == "cpu") return open_tiny(choice, size);
  const ModelConfig config = qwen_7b();
  if (choice.name == "sim") {
    auto waiter = std::make_shared<RealTimeWaiter>(1.0);
    StepWaiter* const real_time = waiter.get();
    return std::make_shared<KeepingExecutor<std::shared_ptr<RealTimeWaiter>>>(
        std::move(waiter), open_sim(size,
                                    {.name = "sim",
                                     .vocabulary_size = config.vocabulary_size,
                                     .context_tokens_max = kContextTokens},
                                    real_time));
  }
  return open_cuda(large_model(), choice, size, 0.9);
}

std::shared_ptr<Executor> with_blocks(std::shared_ptr<Executor> device, std::int32_t blocks) {
  return std::make_shared<LimitedExecutor>(blocks, std::move(device));
}

int refuse(const Error& error) {
  std::fprintf(stderr, "engine_check: %s\n", error.message.c_str());
  return 2;
}

}  // namespace ringmaster::engine
