#include "engine/model_shard.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/tiny_model_folder.h"

namespace ringmaster::engine {
namespace {

using Vector = std::vector<double>;

ModelConfig shape(std::int32_t heads, std::int32_t kv_heads, std::int32_t feed_forward) {
  ModelConfig config;
  config.heads = heads;
  config.kv_heads = kv_heads;
  config.head_dim = 128;
  config.feed_forward = feed_forward;
  return config;
}

TEST(ShardPlan, DividesHeadsAndMlp) {
  const ModelConfig qwen = shape(28, 4, 18'944);
  const auto plan = plan_shard(qwen, 1, 2);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->heads, (ShardRange{14, 14}));
  EXPECT_EQ(plan->kv_heads, (ShardRange{2, 2}));
  EXPECT_EQ(plan->feed_forward, (ShardRange{9472, 9472}));
  EXPECT_FALSE(plan->has_head);
  EXPECT_TRUE(plan_shard(qwen, 0, 2)->has_head);
}

TEST(ShardPlan, GivesSeveralDevicesTheSameKvHeadWhereThereAreTooFew) {
  const ModelConfig llama = shape(32, 8, 14'336);
  const auto plan = plan_shard(llama, 5, 16);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->heads, (ShardRange{10, 2}));    // Of the group 8 to 11,
  EXPECT_EQ(plan->kv_heads, (ShardRange{2, 1}));  // which reads KV head 2.
}

TEST(ShardPlan, RefusesWhatCannotBeDivided) {
  const auto problem = [](const ModelConfig& config, std::int32_t ranks) {
    const auto plan = plan_shard(config, 0, ranks);
    return plan ? "" : plan.error().message;
  };
  EXPECT_EQ(problem(shape(28, 4, 18'944), 8), "28 query heads cannot be divided among 8 devices");
  EXPECT_EQ(problem(shape(24, 4, 18'944), 6), "4 KV heads cannot be divided among 6 devices");
  EXPECT_EQ(problem(shape(8, 8, 1001), 2),
            "1001 columns of the MLP cannot be divided among 2 devices");
}

/// y = W x (+ bias).
Vector multiply(const TensorView& weight, const TensorView& bias, const Vector& x) {
  const auto w = floats_of(weight);
  const auto b = bias.present() ? floats_of(bias) : std::vector<float>();
  Vector y(static_cast<std::size_t>(weight.shape[0]));
  for (std::size_t o = 0; o < y.size(); ++o) {
    if (!b.empty()) y[o] = b[o];
    for (std::size_t i = 0; i < x.size(); ++i) y[o] += w[o * x.size() + i] * x[i];
  }
  return y;
}

/// The attention of the newest of `inputs` over all of them, and the MLP of it: each a sum over
/// devices. Positions, norms of heads and residuals are the same everywhere and left out.
struct LayerOutput {
  Vector attended;
  Vector mlp;
};

LayerOutput run_layer(const ModelConfig& config, const LayerWeights& layer,
                      const std::vector<Vector>& inputs) {
  const auto dim = static_cast<std::size_t>(config.head_dim);
  const auto group = static_cast<std::size_t>(config.heads / config.kv_heads);
  const Vector query = multiply(layer.query, layer.query_bias, inputs.back());
  Vector mixed(query.size());
  for (std::size_t head = 0; head < query.size() / dim; ++head) {
    double total = 0.0;
    for (const Vector& input : inputs) {
      const Vector key = multiply(layer.key, layer.key_bias, input);
      const Vector value = multiply(layer.value, layer.value_bias, input);
      const std::size_t at = head / group * dim;
      double score = 0.0;
      for (std::size_t d = 0; d < dim; ++d) score += query[head * dim + d] * key[at + d];
      const double weight = std::exp(score / 64.0);
      total += weight;
      for (std::size_t d = 0; d < dim; ++d) mixed[head * dim + d] += weight * value[at + d];
    }
    for (std::size_t d = 0; d < dim; ++d) mixed[head * dim + d] /= total;
  }
  Vector gate = multiply(layer.gate, {}, inputs.back());
  const Vector up = multiply(layer.up, {}, inputs.back());
  for (std::size_t i = 0; i < gate.size(); ++i)
    gate[i] = gate[i] / (1.0 + std::exp(-gate[i])) * up[i];
  return {multiply(layer.attention_out, {}, mixed), multiply(layer.down, {}, gate)};
}

void add(Vector& sum, const Vector& part) {
  sum.resize(part.size());
  for (std::size_t i = 0; i < part.size(); ++i) sum[i] += part[i];
}

class ModelShards : public testing::TestWithParam<TinyShape> {};

// Four query heads and two KV heads: two devices share the heads out, four share a KV head by two.
TEST_P(ModelShards, SumUpToTheWholeModel) {
  const auto model = load_tiny_model({.shape = GetParam()});
  const ModelConfig& config = model->config;
  std::vector<Vector> inputs(5, Vector(static_cast<std::size_t>(config.hidden)));
  for (std::size_t t = 0; t < inputs.size(); ++t) {
    for (std::size_t i = 0; i < inputs[t].size(); ++i) {
      inputs[t][i] = std::sin(static_cast<double>(1 + i * (t + 3)));
    }
  }
  for (const std::int32_t ranks : {1, 2, 4}) {
    std::vector<ModelShard> shards;
    for (std::int32_t rank = 0; rank < ranks; ++rank) {
      const auto plan = plan_shard(config, rank, ranks);
      ASSERT_TRUE(plan) << plan.error().message;
      shards.push_back(cut_shard(config, model->weights, *plan));
      EXPECT_EQ(shards.back().weights.head.data, rank == 0 ? model->weights.head.data : nullptr);
    }
    for (std::size_t l = 0; l < model->weights.layers.size(); ++l) {
      const LayerOutput whole = run_layer(config, model->weights.layers[l], inputs);
      LayerOutput sum;
      for (const ModelShard& shard : shards) {
        const LayerOutput part = run_layer(shard.config, shard.weights.layers[l], inputs);
        add(sum.attended, part.attended);
        add(sum.mlp, part.mlp);
      }
      for (std::size_t i = 0; i < whole.mlp.size(); ++i) {
        EXPECT_NEAR(sum.attended[i], whole.attended[i], 1e-9) << ranks << " devices";
        EXPECT_NEAR(sum.mlp[i], whole.mlp[i], 1e-9) << ranks << " devices";
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, ModelShards,
                         testing::Values(TinyShape::kTinyLlama, TinyShape::kTinyQwen2,
                                         TinyShape::kTinyQwen3));

}  // namespace
}  // namespace ringmaster::engine
