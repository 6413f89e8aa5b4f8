#include "engine/weight_plan.h"

#include <string>

#include <gtest/gtest.h>

namespace ringmaster::engine {
namespace {

const std::byte kAnywhere{};

ModelConfig one_layer() {
  return {.layers = 1,
          .hidden = 8,
          .heads = 2,
          .kv_heads = 1,
          .head_dim = 4,
          .feed_forward = 16,
          .vocabulary_size = 32};
}

TensorView view(Shape shape) {
  return {.dtype = DType::kBf16, .shape = std::move(shape), .data = &kAnywhere};
}

TensorMap one_layer_tensors() {
  const std::string layer = "model.layers.0.";
  return {{"model.embed_tokens.weight", view({32, 8})},
          {"model.norm.weight", view({8})},
          {"lm_head.weight", view({32, 8})},
          {layer + "input_layernorm.weight", view({8})},
          {layer + "self_attn.q_proj.weight", view({8, 8})},
          {layer + "self_attn.k_proj.weight", view({4, 8})},
          {layer + "self_attn.v_proj.weight", view({4, 8})},
          {layer + "self_attn.o_proj.weight", view({8, 8})},
          {layer + "post_attention_layernorm.weight", view({8})},
          {layer + "mlp.gate_proj.weight", view({16, 8})},
          {layer + "mlp.up_proj.weight", view({16, 8})},
          {layer + "mlp.down_proj.weight", view({8, 16})}};
}

std::string error_of(const ModelConfig& config, const TensorMap& tensors) {
  const auto weights = plan_weights(config, tensors, "folder");
  return weights ? "no error" : weights.error().message;
}

TEST(WeightPlan, GivesEachTensorItsRole) {
  const TensorMap tensors = one_layer_tensors();
  const auto weights = plan_weights(one_layer(), tensors, "folder");
  ASSERT_TRUE(weights) << weights.error().message;
  ASSERT_EQ(weights->layers.size(), 1U);
  EXPECT_EQ(weights->layers[0].down.shape, (Shape{8, 16}));
  EXPECT_FALSE(weights->layers[0].query_bias.present());
  EXPECT_EQ(weights->head.shape, (Shape{32, 8}));
}

TEST(WeightPlan, UsesTheEmbeddingAsTiedHead) {
  TensorMap tensors = one_layer_tensors();
  tensors.erase("lm_head.weight");
  ModelConfig config = one_layer();
  config.tied_embeddings = true;
  EXPECT_EQ(error_of(config, tensors), "no error");
}

TEST(WeightPlan, NamesAMissingTensor) {
  TensorMap tensors = one_layer_tensors();
  tensors.erase("model.layers.0.mlp.up_proj.weight");
  EXPECT_EQ(error_of(one_layer(), tensors),
            "folder: tensor model.layers.0.mlp.up_proj.weight is missing");
}

TEST(WeightPlan, NamesATensorOfTheWrongShape) {
  TensorMap tensors = one_layer_tensors();
  tensors["model.norm.weight"] = view({9});
  EXPECT_EQ(error_of(one_layer(), tensors),
            "folder: tensor model.norm.weight has shape [9], config.json makes it [8]");
}

TEST(WeightPlan, NamesATensorOfATypeThatItCannotComputeWith) {
  TensorMap tensors = one_layer_tensors();
  tensors["model.norm.weight"].dtype = DType::kOther;
  tensors["model.norm.weight"].type_name = "I16";
  EXPECT_EQ(error_of(one_layer(), tensors),
            "folder: tensor model.norm.weight has elements of type I16, expected BF16, F16 or F32");
}

TEST(WeightPlan, WantsBiasesWhenTheConfigHasThem) {
  ModelConfig config = one_layer();
  config.qkv_bias = true;
  EXPECT_EQ(error_of(config, one_layer_tensors()),
            "folder: tensor model.layers.0.self_attn.q_proj.bias is missing");
}

TEST(WeightPlan, RefusesATensorThatWouldBeIgnored) {
  TensorMap tensors = one_layer_tensors();
  tensors["model.layers.0.self_attn.q_proj.bias"] = view({8});
  EXPECT_EQ(error_of(one_layer(), tensors),
            "folder: tensor model.layers.0.self_attn.q_proj.bias is not part of the model that "
            "config.json describes");
}

TEST(WeightPlan, OverlooksStoredRotaryFrequencies) {
  TensorMap tensors = one_layer_tensors();
  tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = view({2});
  EXPECT_EQ(error_of(one_layer(), tensors), "no error");
}

}  // namespace
}  // namespace ringmaster::engine
