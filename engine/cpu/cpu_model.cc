#include "engine/cpu/cpu_model.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace ringmaster::engine {
namespace {

// Below so many multiplications a piece is not worth waking another thread for (about 10 us).
constexpr std::int64_t kParallelCostMin = 200'000;
// Parts per thread, so that a thread that loses its core does not hold up the rest for long.
constexpr std::int32_t kPartsPerThread = 4;

std::vector<float> optional_floats(const TensorView& tensor) {
  return tensor.present() ? floats_of(tensor) : std::vector<float>{};
}

}  // namespace

/// A weight matrix [outputs, inputs] in one of the two types that kernels read.
struct CpuModel::Matrix {
  std::int32_t outputs = 0;
  std::int32_t inputs = 0;
  const float* f32 = nullptr;
  const std::uint16_t* bf16 = nullptr;
};

struct CpuModel::Layer {
  Matrix query, key, value, attention_out, gate, up, down;
  std::vector<float> attention_norm, mlp_norm;
  std::vector<float> query_bias, key_bias, value_bias;  // Empty without qkv_bias.
  std::vector<float> query_norm, key_norm;              // Empty without qk_norm.
};

CpuModel::CpuModel(std::shared_ptr<const LoadedModel> model, Isa isa, ThreadPool& pool)
    : model_(std::move(model)),
      config_(model_->config),
      kernels_(kernels_for(isa)),
      pool_(pool),
      rope_(make_rope(config_)),
      final_norm_(floats_of(model_->weights.final_norm)),
      embedding_(std::make_unique<Matrix>(matrix(model_->weights.embedding))),
      head_(std::make_unique<Matrix>(config_.tied_embeddings ? *embedding_
                                                             : matrix(model_->weights.head))) {
  for (const LayerWeights& weights : model_->weights.layers) {
    layers_.push_back({.query = matrix(weights.query),
                       .key = matrix(weights.key),
                       .value = matrix(weights.value),
                       .attention_out = matrix(weights.attention_out),
                       .gate = matrix(weights.gate),
                       .up = matrix(weights.up),
                       .down = matrix(weights.down),
                       .attention_norm = floats_of(weights.attention_norm),
                       .mlp_norm = floats_of(weights.mlp_norm),
                       .query_bias = optional_floats(weights.query_bias),
                       .key_bias = optional_floats(weights.key_bias),
                       .value_bias = optional_floats(weights.value_bias),
                       .query_norm = optional_floats(weights.query_norm),
                       .key_norm = optional_floats(weights.key_norm)});
  }
}

CpuModel::~CpuModel() = default;

CpuModel::Matrix CpuModel::matrix(const TensorView& tensor) {
  Matrix matrix{.outputs = static_cast<std::int32_t>(tensor.shape[0]),
                .inputs = static_cast<std::int32_t>(tensor.shape[1])};
  if (tensor.dtype == DType::kBf16) {
    matrix.bf16 = reinterpret_cast<const std::uint16_t*>(tensor.data);
  } else if (tensor.dtype == DType::kF32) {
    matrix.f32 = reinterpret_cast<const float*>(tensor.data);
  } else {
    matrix.f32 = converted_.emplace_back(floats_of(tensor)).data();
  }
  return matrix;
}

std::span<const float> CpuModel::forward(const StepInput& step, KvCache& cache) {
  resize(step.tokens.size());
  embed(step);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    attention(step, layers_[i], static_cast<std::int32_t>(i), cache);
    mlp(layers_[i]);
  }
  return head(step);
}

void CpuModel::resize(std::size_t tokens) {
  tokens_ = static_cast<std::int32_t>(tokens);
  const auto width = [&](std::vector<float>& rows, std::int32_t columns) {
    rows.resize(tokens * static_cast<std::size_t>(columns));
  };
  sequence_of_.resize(tokens);
  for (auto* rows : {&hidden_, &normed_, &projected_}) width(*rows, config_.hidden);
  for (auto* rows : {&query_, &attended_}) width(*rows, config_.query_width());
  for (auto* rows : {&key_, &value_}) width(*rows, config_.kv_width());
  for (auto* rows : {&gate_, &up_}) width(*rows, config_.feed_forward);
  for (auto* rows : {&cosines_, &sines_}) width(*rows, config_.head_dim / 2);
}

void CpuModel::embed(const StepInput& step) {
  const auto hidden = static_cast<std::size_t>(config_.hidden);
  const auto pairs = static_cast<std::size_t>(config_.head_dim / 2);
  for (std::size_t s = 0; s < step.sequences.size(); ++s) {
    const auto first = sequence_of_.begin() + step.sequences[s].query_start;
    std::fill_n(first, step.sequences[s].query_tokens, static_cast<std::int32_t>(s));
  }
  for (std::size_t t = 0; t < step.tokens.size(); ++t) {
    const std::size_t row = static_cast<std::size_t>(step.tokens[t]) * hidden;
    for (std::size_t i = 0; i < hidden; ++i) {
      hidden_[t * hidden + i] = embedding_->bf16 != nullptr
                                    ? float_of_bf16(embedding_->bf16[row + i])
                                    : embedding_->f32[row + i];
    }
    rope_angles(rope_, step.positions[t], std::span(cosines_).subspan(t * pairs, pairs),
                std::span(sines_).subspan(t * pairs, pairs));
  }
}

void CpuModel::attention(const StepInput& step, const Layer& layer, std::int32_t index,
                         KvCache& cache) {
  normalise(hidden_, tokens_, layer.attention_norm, normed_);
  multiply(normed_, tokens_, layer.query, layer.query_bias, query_);
  multiply(normed_, tokens_, layer.key, layer.key_bias, key_);
  multiply(normed_, tokens_, layer.value, layer.value_bias, value_);
  rotate_and_store(step, layer, index, cache);
  attend(step, index, cache);
  multiply(attended_, tokens_, layer.attention_out, {}, projected_);
  for (std::size_t i = 0; i < hidden_.size(); ++i) hidden_[i] += projected_[i];
}

void CpuModel::rotate_and_store(const StepInput& step, const Layer& layer, std::int32_t index,
                                KvCache& cache) {
  const auto dim = static_cast<std::size_t>(config_.head_dim);
  const auto prepare = [&](float* head, const std::vector<float>& norm, std::size_t token) {
    if (!norm.empty()) normalise_row(head, norm, head);
    rotate(head, token);
  };
  for (std::size_t t = 0; t < step.tokens.size(); ++t) {
    float* query = &query_[t * static_cast<std::size_t>(config_.query_width())];
    const auto kv_width = static_cast<std::size_t>(config_.kv_width());
    float* key = &key_[t * kv_width];
    for (std::int32_t h = 0; h < config_.heads; ++h) prepare(query + h * dim, layer.query_norm, t);
    for (std::int32_t h = 0; h < config_.kv_heads; ++h) prepare(key + h * dim, layer.key_norm, t);

    const StepSequence& sequence = step.sequences[static_cast<std::size_t>(sequence_of_[t])];
    const std::int32_t position = step.positions[t];
    const auto entry =
        static_cast<std::size_t>(sequence.block_table_start + position / cache.block_tokens());
    const std::int64_t offset = step.block_tables[entry] * cache.block_stride() +
                                position % cache.block_tokens() * cache.token_stride();
    std::copy_n(key, kv_width, cache.keys(index) + offset);
    std::copy_n(&value_[t * kv_width], kv_width, cache.values(index) + offset);
  }
}

void CpuModel::attend(const StepInput& step, std::int32_t index, const KvCache& cache) {
  const std::int32_t heads = config_.heads;
  const std::int32_t group = heads / config_.kv_heads;
  std::int64_t cost = 0;
  for (const std::int32_t position : step.positions)
    cost += std::int64_t{2} * (position + 1) * config_.query_width();
  for_ranges(tokens_ * heads, cost, [&](std::int32_t begin, std::int32_t end) {
    for (std::int32_t i = begin; i < end; ++i) {
      const std::int32_t head = i % heads;
      const auto token = static_cast<std::size_t>(i / heads);
      const StepSequence& sequence = step.sequences[static_cast<std::size_t>(sequence_of_[token])];
      const std::int64_t kv_offset = std::int64_t{head / group} * config_.head_dim;
      const std::int64_t offset =
          std::int64_t{i} * config_.head_dim;  // Queries are [tokens, heads, head_dim].
      kernels_.attend({.query = query_.data() + offset,
                       .keys = cache.keys(index) + kv_offset,
                       .values = cache.values(index) + kv_offset,
                       .blocks = step.block_tables.data() + sequence.block_table_start,
                       .block_tokens = cache.block_tokens(),
                       .block_stride = cache.block_stride(),
                       .token_stride = cache.token_stride(),
                       .context = step.positions[token] + 1,
                       .head_dim = config_.head_dim,
                       .scale = static_cast<float>(1.0 / std::sqrt(config_.head_dim)),
                       .out = attended_.data() + offset});
    }
  });
}

void CpuModel::mlp(const Layer& layer) {
  normalise(hidden_, tokens_, layer.mlp_norm, normed_);
  multiply(normed_, tokens_, layer.gate, {}, gate_);
  multiply(normed_, tokens_, layer.up, {}, up_);
  kernels_.swiglu(gate_.data(), up_.data(), gate_.data(), static_cast<std::int32_t>(gate_.size()));
  multiply(gate_, tokens_, layer.down, {}, projected_);
  for (std::size_t i = 0; i < hidden_.size(); ++i) hidden_[i] += projected_[i];
}

std::span<const float> CpuModel::head(const StepInput& step) {
  const auto hidden = static_cast<std::size_t>(config_.hidden);
  const auto rows = static_cast<std::int32_t>(step.sampling.size());
  projected_.resize(step.sampling.size() * hidden);
  normed_.resize(projected_.size());
  for (const StepSequence& sequence : step.sequences) {
    if (sequence.sample_row < 0) continue;
    const auto last = static_cast<std::size_t>(sequence.query_start + sequence.query_tokens - 1);
    std::copy_n(&hidden_[last * hidden], hidden,
                &projected_[static_cast<std::size_t>(sequence.sample_row) * hidden]);
  }
  normalise(projected_, rows, final_norm_, normed_);
  logits_.resize(step.sampling.size() * static_cast<std::size_t>(config_.vocabulary_size));
  multiply(normed_, rows, *head_, {}, logits_);
  return logits_;
}

void CpuModel::normalise(const std::vector<float>& x, std::int32_t rows,
                         const std::vector<float>& weight, std::vector<float>& y) {
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
    normalise_row(&x[row * weight.size()], weight, &y[row * weight.size()]);
  }
}

void CpuModel::normalise_row(const float* x, const std::vector<float>& weight, float* y) const {
  const auto width = static_cast<std::int32_t>(weight.size());
  const float mean_square = kernels_.dot(x, x, width) / static_cast<float>(width);
  const float scale = 1.0F / std::sqrt(mean_square + static_cast<float>(config_.norm_epsilon));
  for (std::size_t i = 0; i < weight.size(); ++i) y[i] = x[i] * scale * weight[i];
}

void CpuModel::multiply(const std::vector<float>& x, std::int32_t rows, const Matrix& w,
                        const std::vector<float>& bias, std::vector<float>& y) {
  const auto fill = [&](auto part, std::int32_t begin, std::int32_t end) {
    part.x = x.data();
    part.x_stride = w.inputs;
    part.tokens = rows;
    part.inputs = w.inputs;
    part.begin = begin;
    part.end = end;
    part.y = y.data();
    part.y_stride = w.outputs;
    return part;
  };
  const std::int64_t cost = std::int64_t{rows} * w.inputs * w.outputs;
  for_ranges(w.outputs, cost, [&](std::int32_t begin, std::int32_t end) {
    if (w.bf16 != nullptr) {
      kernels_.matmul_bf16(fill(MatmulPart<std::uint16_t>{.w = w.bf16}, begin, end));
    } else {
      kernels_.matmul_f32(fill(MatmulPart<float>{.w = w.f32}, begin, end));
    }
  });
  if (bias.empty()) return;
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
    for (std::size_t i = 0; i < bias.size(); ++i) y[row * bias.size() + i] += bias[i];
  }
}

void CpuModel::rotate(float* head, std::size_t token) const {
  const std::size_t pairs = rope_.frequencies.size();
  for (std::size_t j = 0; j < pairs; ++j) {
    const float c = cosines_[token * pairs + j];
    const float s = sines_[token * pairs + j];
    const float low = head[j];
    const float high = head[j + pairs];
    head[j] = low * c - high * s;
    head[j + pairs] = high * c + low * s;
  }
}

void CpuModel::for_ranges(std::int32_t count, std::int64_t cost,
                          const std::function<void(std::int32_t, std::int32_t)>& work) {
  const std::int32_t threads = pool_.threads();
  if (threads == 1 || cost < kParallelCostMin || count < 2) {
    if (count > 0) work(0, count);
    return;
  }
  const std::int32_t parts = std::min(count, threads * kPartsPerThread);
  const std::int32_t size = (count + parts - 1) / parts;
  pool_.run(parts, [&](std::int32_t part) {
    const std::int32_t begin = std::min(part * size, count);
    const std::int32_t end = std::min(begin + size, count);
    if (begin < end) work(begin, end);
  });
}

}  // namespace ringmaster::engine
