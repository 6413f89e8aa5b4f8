#include "engine/cpu/cpu_executor.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "engine/cpu/cpu_model.h"
#include "engine/cpu/kv_cache.h"
#include "engine/cpu/thread_pool.h"
#include "engine/sampler.h"
#include "engine/step_check.h"

namespace ringmaster::engine {
namespace {

constexpr std::int32_t kBlockTokensMax = 1024;
constexpr std::int32_t kThreadsMax = 1024;
// Keeps element offsets inside a block table of 31-bit indices, and far above any real cache.
constexpr std::uint64_t kBlocksMax = std::numeric_limits<std::int32_t>::max() / 2;

Status internal_error(std::string message) {
  return fail(ErrorCode::kInternal, ErrorOrigin::kInstance, std::move(message));
}

class CpuExecutor final : public Executor {
 public:
  CpuExecutor(std::shared_ptr<const LoadedModel> model, const CpuOptions& options,
              std::int32_t threads, KvCache cache, std::optional<KvCache> host)
      : info_{.name = model->name,
              .vocabulary_size = model->config.vocabulary_size,
              .context_tokens_max = model->config.context_tokens_max,
              .end_tokens = model->config.end_tokens},
        pool_(threads),
        cache_(std::move(cache)),
        host_(std::move(host)),
        forward_(std::move(model), options.isa, pool_),
        samplers_(static_cast<std::size_t>(threads)) {}

  [[nodiscard]] const ModelInfo& model() const override { return info_; }
  [[nodiscard]] std::int32_t block_tokens() const override { return cache_.block_tokens(); }
  [[nodiscard]] std::int32_t block_count() const override { return cache_.block_count(); }
  [[nodiscard]] std::int32_t host_block_count() const override {
    return host_ ? host_->block_count() : 0;
  }

  void submit(const StepInput& input) override {
    RINGMASTER_CHECK(step_ == nullptr);
    step_ = &input;
  }

  [[nodiscard]] Status wait(StepOutput& output) override {
    RINGMASTER_CHECK(step_ != nullptr);
    const auto start = std::chrono::steady_clock::now();
    const StepInput& step = *std::exchange(step_, nullptr);
    const StepLimits limits{.vocabulary_size = info_.vocabulary_size,
                            .block_tokens = cache_.block_tokens(),
                            .block_count = cache_.block_count(),
                            .host_block_count = host_block_count()};
    if (auto checked = check_step(step, limits); !checked) return checked;
    for (const BlockCopy& copy : step.saves) host_->copy_block(copy.host, cache_, copy.device);
    for (const BlockCopy& copy : step.loads) cache_.copy_block(copy.device, *host_, copy.host);
    const auto logits = forward_.forward(step, cache_);
    auto sampled = sample(step, logits, output);
    output.device_time =
        std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - start);
    return sampled;
  }

 private:
  [[nodiscard]] Status sample(const StepInput& step, std::span<const float> logits,
                              StepOutput& output) {
    const auto vocabulary = static_cast<std::size_t>(info_.vocabulary_size);
    const auto rows = static_cast<std::int32_t>(step.sampling.size());
    const std::int32_t parts = std::min(pool_.threads(), rows);
    output.sampled.resize(step.sampling.size());
    std::vector<char> finite(step.sampling.size(), 1);
    pool_.run(parts, [&](std::int32_t part) {
      for (auto i = static_cast<std::size_t>(part); i < step.sampling.size();
           i += static_cast<std::size_t>(parts)) {
        const auto row = logits.subspan(i * vocabulary, vocabulary);
        finite[i] =
            std::all_of(row.begin(), row.end(), [](float logit) { return std::isfinite(logit); });
        if (finite[i] == 0) continue;
        output.sampled[i] = samplers_[static_cast<std::size_t>(part)].sample(
            row, step.sampling[i].options, step.sampling[i].output_index);
      }
    });
    if (std::find(finite.begin(), finite.end(), 0) == finite.end()) return {};
    return internal_error("step: logits are not finite (are the weights?)");
  }

  ModelInfo info_;
  ThreadPool pool_;
  KvCache cache_;
  std::optional<KvCache> host_;
  CpuModel forward_;
  std::vector<Sampler> samplers_;  // One per thread of the pool.
  const StepInput* step_ = nullptr;
};

std::int32_t default_threads() {
  const auto cores = static_cast<std::int32_t>(std::thread::hardware_concurrency());
  return std::clamp(cores - 1, 1, kThreadsMax);
}

/// `block_count` blocks, or as many as `bytes` hold if that is 0. `what` is its name in errors.
Result<KvCache> make_cache(const ModelConfig& config, std::int32_t block_tokens,
                           std::int32_t block_count, std::uint64_t bytes, const std::string& what) {
  const std::uint64_t block_bytes = KvCache::bytes(config, block_tokens, 1);
  const std::uint64_t blocks = block_count > 0 ? static_cast<std::uint64_t>(block_count)
                                               : std::min(bytes / block_bytes, kBlocksMax);
  if (blocks == 0) {
    return fail(ErrorCode::kUnavailable, ErrorOrigin::kInstance,
                what + ": " + std::to_string(bytes) + " bytes hold no block of " +
                    std::to_string(block_bytes) + " bytes");
  }
  KvCache cache(config, block_tokens, static_cast<std::int32_t>(blocks));
  if (!cache.allocated()) {
    return fail(ErrorCode::kUnavailable, ErrorOrigin::kInstance,
                what + ": no memory for " + std::to_string(blocks) + " blocks of " +
                    std::to_string(block_bytes) + " bytes");
  }
  return cache;
}

}  // namespace

Result<std::unique_ptr<Executor>> make_cpu_executor(std::shared_ptr<const LoadedModel> model,
                                                    const CpuOptions& options) {
  if (options.block_tokens < 1 || options.block_tokens > kBlockTokensMax) {
    return invalid("block_tokens: expected 1 to " + std::to_string(kBlockTokensMax));
  }
  if (options.threads < 0 || options.threads > kThreadsMax) {
    return invalid("threads: expected 0 to " + std::to_string(kThreadsMax));
  }
  if (options.block_count < 0 || options.host_block_count < 0) {
    return invalid("block_count: expected at least 0");
  }
  auto cache = make_cache(model->config, options.block_tokens, options.block_count,
                          options.kv_bytes, "kv cache");
  if (!cache) return tl::unexpected(cache.error());
  std::optional<KvCache> host;
  if (options.host_block_count > 0 || options.host_kv_bytes > 0) {
    auto tier = make_cache(model->config, options.block_tokens, options.host_block_count,
                           options.host_kv_bytes, "host tier");
    if (!tier) return tl::unexpected(tier.error());
    host = std::move(*tier);
  }
  const std::int32_t threads = options.threads > 0 ? options.threads : default_threads();
  return std::make_unique<CpuExecutor>(std::move(model), options, threads, std::move(*cache),
                                       std::move(host));
}

}  // namespace ringmaster::engine
