#include "engine/cuda/cuda_executor.h"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "engine/cuda/batch_buckets.h"
#include "engine/cuda/device_model.h"
#include "engine/cuda/step_packer.h"
#include "engine/model_shard.h"
#include "engine/rope.h"
#include "engine/step_check.h"

namespace ringmaster::engine {
namespace {

constexpr std::int32_t kBlockTokensMax = 1024;
constexpr std::int32_t kStepTokensMax = 65'535;  // Rows of a grid.
constexpr std::int32_t kGpusMax = 64;
constexpr std::int32_t kErrorBytes = 512;
constexpr std::uint64_t kHostBytesMax = std::uint64_t{1} << 60U;
// Four million positions with heads of 128. A position's rotations are its KV cache divided by
// layers and KV heads, of which a model has a hundred and more: no GPU holds the cache of one
// request where this is too little.
constexpr std::int64_t kRopeTableBytesMax = std::int64_t{2} << 30U;

/// One line of the module's.
struct ErrorLine {
  char text[kErrorBytes] = {};

  [[nodiscard]] Error as_error(ErrorCode code) const {
    return {.code = code, .origin = ErrorOrigin::kInstance, .message = text};
  }
};

cuda::HostTensor host_tensor(const TensorView& tensor) {
  if (!tensor.present()) return {};
  const auto type = tensor.dtype == DType::kF32    ? cuda::HostType::kF32
                    : tensor.dtype == DType::kBf16 ? cuda::HostType::kBf16
                                                   : cuda::HostType::kF16;
  return {.data = tensor.data, .type = type};
}

cuda::CudaModelShape shape_of(const ModelConfig& config, std::int32_t context_tokens_max) {
  return {.layers = config.layers,
          .hidden = config.hidden,
          .heads = config.heads,
          .kv_heads = config.kv_heads,
          .head_dim = config.head_dim,
          .feed_forward = config.feed_forward,
          .vocabulary = config.vocabulary_size,
          .context_tokens_max = context_tokens_max,
          .norm_epsilon = static_cast<float>(config.norm_epsilon),
          .has_qkv_bias = config.qkv_bias ? 1 : 0,
          .has_qk_norm = config.qk_norm ? 1 : 0,
          .has_tied_head = config.tied_embeddings ? 1 : 0};
}

void add_layers(const ModelWeights& weights, std::vector<cuda::HostLayer>& layers) {
  for (const LayerWeights& layer : weights.layers) {
    layers.push_back({.attention_norm = host_tensor(layer.attention_norm),
                      .mlp_norm = host_tensor(layer.mlp_norm),
                      .query = host_tensor(layer.query),
                      .key = host_tensor(layer.key),
                      .value = host_tensor(layer.value),
                      .attention_out = host_tensor(layer.attention_out),
                      .gate = host_tensor(layer.gate),
                      .up = host_tensor(layer.up),
                      .down = host_tensor(layer.down),
                      .query_bias = host_tensor(layer.query_bias),
                      .key_bias = host_tensor(layer.key_bias),
                      .value_bias = host_tensor(layer.value_bias),
                      .query_norm = host_tensor(layer.query_norm),
                      .key_norm = host_tensor(layer.key_norm)});
  }
}

/// A model as GPUs get it: each one's layers one after the other, and the shape of its part.
struct DividedModel {
  ModelConfig config;
  std::vector<cuda::HostLayer> layers;
  std::vector<ModelShard> shards;  // Keep what was copied; none for one GPU.
};

Result<DividedModel> divide(const LoadedModel& model, std::int32_t gpus) {
  DividedModel divided{.config = model.config, .layers = {}, .shards = {}};
  if (gpus == 1) {
    add_layers(model.weights, divided.layers);
    return divided;
  }
  for (std::int32_t rank = 0; rank < gpus; ++rank) {
    const auto plan = plan_shard(model.config, rank, gpus);
    if (!plan) return tl::unexpected(plan.error());
    divided.shards.push_back(cut_shard(model.config, model.weights, *plan));
    add_layers(divided.shards.back().weights, divided.layers);
  }
  divided.config = divided.shards.front().config;
  return divided;
}

/// Cosines and sines of every position, [positions, head_dim / 2] each.
struct RopeTable {
  std::vector<float> cosines, sines;

  RopeTable(const ModelConfig& config, std::int32_t positions) {
    const Rope rope = make_rope(config);
    const std::size_t pairs = rope.frequencies.size();
    cosines.resize(static_cast<std::size_t>(positions) * pairs);
    sines.resize(cosines.size());
    for (std::int32_t p = 0; p < positions; ++p) {
      const std::size_t at = static_cast<std::size_t>(p) * pairs;
      rope_angles(rope, p, std::span(cosines).subspan(at, pairs),
                  std::span(sines).subspan(at, pairs));
    }
  }
};

/// Positions that a request may have: what the model knows, the options allow, and a pool of known
/// size holds.
std::int32_t context_of(const ModelConfig& config, const CudaOptions& options) {
  std::int64_t tokens = config.context_tokens_max;
  if (options.context_tokens_max > 0) {
    tokens = std::min(tokens, std::int64_t{options.context_tokens_max});
  }
  if (options.block_count > 0) {
    tokens = std::min(tokens, std::int64_t{options.block_count} * options.block_tokens);
  }
  return static_cast<std::int32_t>(tokens);
}

Status check_rope_table(const ModelConfig& config, std::int32_t positions) {
  const std::int64_t bytes =
      std::int64_t{positions} * config.head_dim * static_cast<std::int64_t>(sizeof(float));
  if (bytes <= kRopeTableBytesMax) return {};
  char text[256];
  std::snprintf(
      text, sizeof text,
      "config.json: a context of %d tokens needs %.1f GiB for its rotary angles: expected "
      "at most 2 GiB; set --context-tokens-max",
      positions, static_cast<double>(bytes) / (std::int64_t{1} << 30U));
  return invalid(text);
}

Status check_options(const ModelConfig& config, const CudaOptions& options) {
  if (options.block_tokens < 1 || options.block_tokens > kBlockTokensMax) {
    return invalid("block_tokens: expected 1 to " + std::to_string(kBlockTokensMax));
  }
  if (options.block_count < 0 || options.host_block_count < 0) {
    return invalid("block_count: expected at least 0");
  }
  if (options.host_kv_bytes > kHostBytesMax)
    return invalid("host_kv_bytes: expected less than 2^60");
  if (!(options.memory_utilization > 0.0 && options.memory_utilization <= 1.0)) {
    return invalid("memory_utilization: expected more than 0 and at most 1");
  }
  if (options.step_tokens_max < 1 || options.step_tokens_max > kStepTokensMax ||
      options.sequences_max < 1 || options.sequences_max > kStepTokensMax) {
    return invalid("tokens and sequences of a step: expected 1 to " +
                   std::to_string(kStepTokensMax) + " on a GPU");
  }
  if (!cuda::has_attention(config.head_dim)) {
    return invalid("heads of size " + std::to_string(config.head_dim) +
                   " have no kernel on a GPU: expected 16, 32, 64 or 128; --device cpu runs them");
  }
  if (config.hidden % 8 != 0 || config.feed_forward % 8 != 0) {
    return invalid("hidden size " + std::to_string(config.hidden) + " and feed-forward size " +
                   std::to_string(config.feed_forward) + (options.gpus > 1 ? " of each GPU" : "") +
                   ": expected multiples of 8 on a GPU; --device cpu runs any");
  }
  return {};
}

Status check_gpus(const CudaOptions& options, const cuda::CudaApi& api) {
  if (options.gpus < 1 || options.gpus > kGpusMax) {
    return invalid("number of GPUs: expected 1 to " + std::to_string(kGpusMax));
  }
  if (options.overlaps_launches && options.gpus > 1) {
    return invalid("overlapped launches: expected one GPU, not " + std::to_string(options.gpus));
  }
  if (options.is_deterministic && options.gpus > 2) {
    return invalid("deterministic: expected at most 2 GPUs; sums of more have no fixed order");
  }
  ErrorLine none;
  const std::int32_t visible = api.device_count(none.text, kErrorBytes);
  if (options.ordinal + options.gpus <= visible) return {};
  const std::string first = std::to_string(options.ordinal);
  const std::string last = std::to_string(options.ordinal + options.gpus - 1);
  return invalid((options.gpus == 1
                      ? "GPU " + first + " is wanted (--gpu)"
                      : "GPUs " + first + " to " + last + " are wanted (--tensor-parallel)") +
                 ", of " + std::to_string(visible) + " that are visible");
}

class CudaExecutor final : public Executor {
 public:
  CudaExecutor(const cuda::CudaApi& api, cuda::CudaDevice* device, ModelInfo info,
               const StepLimits& limits, const cuda::StepPackerOptions& packing)
      : api_(api), device_(device), info_(std::move(info)), limits_(limits), packer_(packing) {}

  CudaExecutor(const CudaExecutor&) = delete;
  CudaExecutor& operator=(const CudaExecutor&) = delete;
  ~CudaExecutor() override { api_.close(device_); }

  [[nodiscard]] const ModelInfo& model() const override { return info_; }
  [[nodiscard]] std::int32_t block_tokens() const override { return limits_.block_tokens; }
  [[nodiscard]] std::int32_t block_count() const override { return limits_.block_count; }
  [[nodiscard]] std::int32_t host_block_count() const override { return limits_.host_block_count; }
  [[nodiscard]] bool is_lost() const override { return is_lost_; }

  [[nodiscard]] std::int32_t steps_in_flight_max() const override { return 2; }

  void submit(const StepInput& input) override {
    RINGMASTER_CHECK(in_flight_.size() < 2);
    in_flight_.push_back({.input = &input, .begun = start(input)});
  }

  [[nodiscard]] Status wait(StepOutput& output) override {
    RINGMASTER_CHECK(!in_flight_.empty());
    const InFlight step = std::move(in_flight_.front());
    in_flight_.pop_front();
    if (!step.begun) return step.begun;
    const auto rows = step.input->sampling.size();
    samples_.resize(rows);
    double seconds = 0.0;
    ErrorLine error;
    if (api_.wait(device_, samples_.data(), static_cast<std::int32_t>(rows), &seconds, error.text,
                  kErrorBytes) != 0) {
      return lose(error);
    }
    output.device_time = from_seconds(seconds);
    output.sampled.resize(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      if (samples_[i].is_finite == 0) {
        return fail(ErrorCode::kInternal, ErrorOrigin::kInstance,
                    "step: logits are not finite (are the weights?)");
      }
      output.sampled[i] = sampled_token(samples_[i], step.input->sampling[i].options.logprobs >= 0);
    }
    return {};
  }

 private:
  struct InFlight {
    const StepInput* input;
    Status begun;
  };

  [[nodiscard]] Status start(const StepInput& input) {
    if (auto checked = check_step(input, limits_); !checked) return checked;
    const cuda::CudaStep step = packer_.pack(input);
    ErrorLine error;
    if (api_.submit(device_, &step, error.text, kErrorBytes) == 0) return {};
    return lose(error);
  }

  [[nodiscard]] Status lose(const ErrorLine& error) {
    is_lost_ = true;  // A CUDA error is sticky: the process has to start anew.
    return tl::unexpected(error.as_error(ErrorCode::kInternal));
  }

  static SampledToken sampled_token(const cuda::SampleOutput& sample, bool has_logprob) {
    SampledToken token{.token = sample.token};
    if (!has_logprob) return token;
    token.logprob = sample.logprob;
    for (std::int32_t i = 0; i < sample.best_count; ++i) {
      token.best.push_back({.token = sample.best_tokens[i], .logprob = sample.best_logprobs[i]});
    }
    return token;
  }

  const cuda::CudaApi& api_;
  cuda::CudaDevice* device_;
  ModelInfo info_;
  StepLimits limits_;
  cuda::StepPacker packer_;
  std::vector<cuda::SampleOutput> samples_;
  std::deque<InFlight> in_flight_;
  bool is_lost_ = false;
};

/// Batches are padded to buckets, so the device has to have room for a whole one.
std::int32_t padded_sequences(std::int32_t sequences) {
  const std::int32_t bucket = cuda::batch_bucket(sequences);
  return bucket > 0 ? bucket : sequences;
}

}  // namespace

cuda::PrefillKernel prefill_kernel_of(const ModelConfig& config, const CudaOptions& options) {
  return cuda::has_wgmma_attention(config.head_dim, options.kv_type) ? options.prefill_kernel
                                                                     : cuda::PrefillKernel::kMma;
}

Result<std::unique_ptr<Executor>> make_cuda_executor(std::shared_ptr<const LoadedModel> model,
                                                     const CudaOptions& options,
                                                     const cuda::CudaApi& api) {
  const ModelConfig& config = model->config;
  if (auto checked = check_gpus(options, api); !checked) return tl::unexpected(checked.error());
  const std::int32_t context = context_of(config, options);
  if (auto checked = check_rope_table(config, context); !checked) {
    return tl::unexpected(checked.error());
  }
  const auto divided = divide(*model, options.gpus);
  if (!divided) return tl::unexpected(divided.error());
  const ModelConfig& part = divided->config;
  if (auto checked = check_options(part, options); !checked) {
    return tl::unexpected(checked.error());
  }
  const RopeTable table(config, context);
  const std::int32_t sequences = padded_sequences(options.sequences_max);
  const cuda::CudaOpenRequest request{
      .shape = shape_of(part, context),
      .embedding = host_tensor(model->weights.embedding),
      .final_norm = host_tensor(model->weights.final_norm),
      .head = host_tensor(model->weights.head),
      .layers = divided->layers.data(),
      .cosines = table.cosines.data(),
      .sines = table.sines.data(),
      .ordinal = options.ordinal,
      .block_tokens = options.block_tokens,
      .block_count = options.block_count,
      .memory_utilization = options.memory_utilization,
      .step_tokens_max = options.step_tokens_max,
      .sequences_max = sequences,
      // They are of the kernel for decoding, and of one GPU.
      .uses_graphs = options.is_deterministic || options.gpus > 1 ? 0 : 1,
      .is_deterministic = options.is_deterministic ? 1 : 0,
      .keeps_logits = options.keeps_logits ? 1 : 0,
      .tuning_file = options.tuning_file.empty() ? nullptr : options.tuning_file.c_str(),
      .host_block_count = options.host_block_count,
      .kv_type = options.kv_type,
      .few_rows_kernel = options.few_rows_kernel,
      .host_kv_bytes = static_cast<std::int64_t>(options.host_kv_bytes) / options.gpus,
      .overlaps_launches = options.overlaps_launches ? 1 : 0,
      .ranks = options.gpus,
      .prefill_kernel = options.prefill_kernel};
  cuda::CudaDevice* device = nullptr;
  cuda::CudaDeviceInfo info;
  ErrorLine error;
  if (api.open(&request, &device, &info, error.text, kErrorBytes) != 0) {
    return tl::unexpected(error.as_error(ErrorCode::kUnavailable));
  }
  ModelInfo model_info{.name = model->name,
                       .vocabulary_size = config.vocabulary_size,
                       .context_tokens_max = context,
                       .end_tokens = config.end_tokens};
  return std::make_unique<CudaExecutor>(
      api, device, std::move(model_info),
      StepLimits{.vocabulary_size = config.vocabulary_size,
                 .block_tokens = options.block_tokens,
                 .block_count = info.block_count,
                 .host_block_count = info.host_block_count,
                 .slots = sequences},
      cuda::StepPackerOptions{.block_tokens = options.block_tokens,
                              .group = part.heads / part.kv_heads,
                              .sequences_max = sequences,
                              .decodes_apart = !options.is_deterministic});
}

}  // namespace ringmaster::engine
