#include "engine/model_shard.h"

#include <cstring>
#include <string>

#include "base/check.h"

namespace ringmaster::engine {
namespace {

std::size_t element_bytes(DType dtype) {
  return dtype == DType::kF32 ? 4 : 2;
}

ShardRange scaled(ShardRange range, std::int32_t by) {
  return {.begin = range.begin * by, .count = range.count * by};
}

Error indivisible(const std::string& what, std::int32_t count, std::int32_t ranks) {
  return {.code = ErrorCode::kInvalidArgument,
          .origin = ErrorOrigin::kInstance,
          .message = std::to_string(count) + " " + what + " cannot be divided among " +
                     std::to_string(ranks) + " devices"};
}

/// Rows of a matrix, or elements of a vector; nothing of a tensor that is not there.
TensorView rows_of(TensorView tensor, ShardRange range) {
  if (!tensor.present()) return tensor;
  std::size_t row_bytes = element_bytes(tensor.dtype);
  for (std::size_t i = 1; i < tensor.shape.size(); ++i) {
    row_bytes *= static_cast<std::size_t>(tensor.shape[i]);
  }
  RINGMASTER_CHECK(range.end() <= tensor.shape[0]);
  tensor.data += static_cast<std::size_t>(range.begin) * row_bytes;
  tensor.shape[0] = range.count;
  return tensor;
}

/// Columns of a matrix, copied; nothing of one that is not there.
TensorView columns_of(const TensorView& matrix, ShardRange range, ModelShard& shard) {
  if (!matrix.present()) return matrix;
  RINGMASTER_CHECK(matrix.shape.size() == 2 && range.end() <= matrix.shape[1]);
  const std::size_t element = element_bytes(matrix.dtype);
  const auto rows = static_cast<std::size_t>(matrix.shape[0]);
  const std::size_t from_stride = static_cast<std::size_t>(matrix.shape[1]) * element;
  const std::size_t width = static_cast<std::size_t>(range.count) * element;
  auto copy = std::make_unique_for_overwrite<std::byte[]>(rows * width);
  const std::byte* from = matrix.data + static_cast<std::size_t>(range.begin) * element;
  for (std::size_t row = 0; row < rows; ++row) {
    std::memcpy(copy.get() + row * width, from + row * from_stride, width);
  }
  shard.copies.push_back(std::move(copy));
  return {.dtype = matrix.dtype,
          .shape = {matrix.shape[0], range.count},
          .data = shard.copies.back().get()};
}

LayerWeights cut_layer(const LayerWeights& layer, const ShardPlan& plan, ShardRange queries,
                       ShardRange keys, ModelShard& shard) {
  LayerWeights part = layer;
  part.query = rows_of(layer.query, queries);
  part.query_bias = rows_of(layer.query_bias, queries);
  part.key = rows_of(layer.key, keys);
  part.key_bias = rows_of(layer.key_bias, keys);
  part.value = rows_of(layer.value, keys);
  part.value_bias = rows_of(layer.value_bias, keys);
  part.attention_out = columns_of(layer.attention_out, queries, shard);
  part.gate = rows_of(layer.gate, plan.feed_forward);
  part.up = rows_of(layer.up, plan.feed_forward);
  part.down = columns_of(layer.down, plan.feed_forward, shard);
  return part;
}

}  // namespace

Result<ShardPlan> plan_shard(const ModelConfig& config, std::int32_t rank, std::int32_t ranks) {
  RINGMASTER_CHECK(rank >= 0 && rank < ranks);
  if (config.heads % ranks != 0) {
    return tl::unexpected(indivisible("query heads", config.heads, ranks));
  }
  if (config.kv_heads % ranks != 0 && ranks % config.kv_heads != 0) {
    return tl::unexpected(indivisible("KV heads", config.kv_heads, ranks));
  }
  if (config.feed_forward % ranks != 0) {
    return tl::unexpected(indivisible("columns of the MLP", config.feed_forward, ranks));
  }
  const auto share = [&](std::int32_t count) {
    return ShardRange{.begin = count / ranks * rank, .count = count / ranks};
  };
  return ShardPlan{
      .heads = share(config.heads),
      .kv_heads = config.kv_heads % ranks == 0
                      ? share(config.kv_heads)
                      : ShardRange{.begin = rank / (ranks / config.kv_heads), .count = 1},
      .feed_forward = share(config.feed_forward),
      .has_head = rank == 0};
}

ModelShard cut_shard(const ModelConfig& config, const ModelWeights& weights,
                     const ShardPlan& plan) {
  ModelShard shard{.config = config, .weights = {}, .copies = {}};
  shard.config.heads = plan.heads.count;
  shard.config.kv_heads = plan.kv_heads.count;
  shard.config.feed_forward = plan.feed_forward.count;
  shard.weights.embedding = weights.embedding;
  shard.weights.final_norm = weights.final_norm;
  if (plan.has_head) shard.weights.head = weights.head;
  const ShardRange queries = scaled(plan.heads, config.head_dim);
  const ShardRange keys = scaled(plan.kv_heads, config.head_dim);
  for (const LayerWeights& layer : weights.layers) {
    shard.weights.layers.push_back(cut_layer(layer, plan, queries, keys, shard));
  }
  return shard;
}

}  // namespace ringmaster::engine
