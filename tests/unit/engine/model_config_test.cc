#include "engine/model_config.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster::engine {
namespace {

/// A complete Llama config with `extra` keys put before the others, so that they win.
std::string llama_with(const std::string& extra) {
  return "{" + extra + (extra.empty() ? "" : ",") + R"(
    "architectures": ["LlamaForCausalLM"], "hidden_size": 2048, "intermediate_size": 8192,
    "num_hidden_layers": 16, "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256,
    "max_position_embeddings": 4096, "rms_norm_eps": 1e-05, "rope_theta": 500000.0, "eos_token_id": 128001})";
}

std::string error_of(const std::string& json) {
  const auto config = parse_model_config(json, "m/config.json");
  return config ? "no error" : config.error().message;
}

TEST(ModelConfig, ReadsALlamaShape) {
  const auto config = parse_model_config(llama_with(""), "config.json");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->architecture, Architecture::kLlama);
  EXPECT_EQ(config->layers, 16);
  EXPECT_EQ(config->hidden, 2048);
  EXPECT_EQ(config->heads, 32);
  EXPECT_EQ(config->kv_heads, 8);
  EXPECT_EQ(config->feed_forward, 8192);
  EXPECT_EQ(config->vocabulary_size, 128256);
  EXPECT_EQ(config->context_tokens_max, 4096);
  EXPECT_EQ(config->rope_theta, 500000.0);
  EXPECT_EQ(config->norm_epsilon, 1e-5);
  EXPECT_FALSE(config->tied_embeddings);
  EXPECT_FALSE(config->qkv_bias);
  EXPECT_FALSE(config->qk_norm);
}

TEST(ModelConfig, DerivesTheHeadDimensionFromTheWidth) {
  EXPECT_EQ(parse_model_config(llama_with(""), "f")->head_dim, 64);
}

TEST(ModelConfig, TakesAnExplicitHeadDimension) {
  EXPECT_EQ(parse_model_config(llama_with(R"("head_dim": 128)"), "f")->head_dim, 128);
}

TEST(ModelConfig, CountsParameters) {
  // 16 layers of 60,821,504, two vocabulary matrices, one final norm.
  EXPECT_EQ(parse_model_config(llama_with(""), "f")->parameter_count(), 1'498'482'688);
}

TEST(ModelConfig, TakesOneEndTokenOrAList) {
  EXPECT_EQ(parse_model_config(llama_with(""), "f")->end_tokens, (std::vector<TokenId>{128001}));
  EXPECT_EQ(parse_model_config(llama_with(R"("eos_token_id": [128001, 128009])"), "f")->end_tokens,
            (std::vector<TokenId>{128001, 128009}));
}

TEST(ModelConfig, AddsTheEndTokensOfTheGenerationConfig) {
  auto config = *parse_model_config(llama_with(""), "f");
  ASSERT_TRUE(apply_generation_config(config, R"({"eos_token_id": [128001, 128009]})", "g"));
  EXPECT_EQ(config.end_tokens, (std::vector<TokenId>{128001, 128009}));
}

TEST(ModelConfig, RefusesAnEndTokenOutsideTheVocabulary) {
  auto config = *parse_model_config(llama_with(""), "f");
  EXPECT_EQ(
      apply_generation_config(config, R"({"eos_token_id": 128256})", "g.json").error().message,
      "g.json: eos_token_id: expected token ids below vocab_size 128256");
}

TEST(ModelConfig, GivesQwen2BiasesOnQueryKeyAndValue) {
  EXPECT_TRUE(
      parse_model_config(llama_with(R"("architectures": ["Qwen2ForCausalLM"])"), "f")->qkv_bias);
}

TEST(ModelConfig, GivesQwen3NormsOfQueryAndKey) {
  const auto config =
      parse_model_config(llama_with(R"("architectures": ["Qwen3ForCausalLM"])"), "f");
  EXPECT_TRUE(config->qk_norm);
  EXPECT_FALSE(config->qkv_bias);
}

TEST(ModelConfig, RunsMistralWithinItsSlidingWindow) {
  const auto config = parse_model_config(
      llama_with(
          R"("architectures": ["MistralForCausalLM"], "max_position_embeddings": 32768, "sliding_window": 4096)"),
      "f");
  EXPECT_EQ(config->context_tokens_max, 4096);
}

TEST(ModelConfig, IgnoresASlidingWindowThatQwenSwitchesOff) {
  const auto config = parse_model_config(
      llama_with(
          R"("architectures": ["Qwen2ForCausalLM"], "use_sliding_window": false, "sliding_window": 1024)"),
      "f");
  EXPECT_EQ(config->context_tokens_max, 4096);
}

TEST(ModelConfig, ReadsLlama3RopeScaling) {
  const auto config = parse_model_config(
      llama_with(R"("rope_scaling": {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0,
                     "high_freq_factor": 4.0, "original_max_position_embeddings": 8192})"),
      "f");
  EXPECT_EQ(config->rope_scaling.kind, RopeScalingKind::kLlama3);
  EXPECT_EQ(config->rope_scaling.factor, 32.0);
  EXPECT_EQ(config->rope_scaling.original_context_tokens, 8192);
  EXPECT_EQ(config->context_tokens_max, 4096);
}

TEST(ModelConfig, StretchesTheContextWithYarn) {
  const auto config = parse_model_config(
      llama_with(
          R"("rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 4096})"),
      "f");
  EXPECT_EQ(config->rope_scaling.kind, RopeScalingKind::kYarn);
  EXPECT_EQ(config->context_tokens_max, 16384);
}

TEST(ModelConfig, StretchesTheContextWithLinearScaling) {
  const auto config =
      parse_model_config(llama_with(R"("rope_scaling": {"type": "linear", "factor": 2})"), "f");
  EXPECT_EQ(config->context_tokens_max, 8192);
}

TEST(ModelConfig, ReadsRopeParametersOfNewerFiles) {
  const auto config = parse_model_config(
      llama_with(R"("rope_parameters": {"rope_type": "default", "rope_theta": 1000})"), "f");
  EXPECT_EQ(config->rope_theta, 1000.0);
}

TEST(ModelConfig, NamesTheArchitecturesItKnows) {
  EXPECT_EQ(error_of(llama_with(R"("architectures": ["GPT2LMHeadModel"])")),
            "m/config.json: architectures: 'GPT2LMHeadModel' is not supported; expected "
            "LlamaForCausalLM, "
            "MistralForCausalLM, Qwen2ForCausalLM or Qwen3ForCausalLM");
}

TEST(ModelConfig, NamesAMissingKey) {
  EXPECT_EQ(error_of(R"({"architectures": ["LlamaForCausalLM"]})"),
            "m/config.json: num_hidden_layers: expected an integer from 1 to 4096, is missing");
}

TEST(ModelConfig, NamesAKeyOfTheWrongType) {
  EXPECT_EQ(error_of(llama_with(R"("hidden_size": "wide")")),
            "m/config.json: hidden_size: expected an integer from 1 to 1048576");
}

TEST(ModelConfig, RefusesHeadsThatDoNotDivide) {
  EXPECT_EQ(error_of(llama_with(R"("num_key_value_heads": 5)")),
            "m/config.json: num_key_value_heads: expected a divisor of num_attention_heads 32");
}

TEST(ModelConfig, RefusesAnotherActivation) {
  EXPECT_EQ(error_of(llama_with(R"("hidden_act": "gelu")")),
            "m/config.json: hidden_act: expected \"silu\"");
}

TEST(ModelConfig, RefusesQuantisedWeights) {
  EXPECT_EQ(error_of(llama_with(R"("quantization_config": {"bits": 4})")),
            "m/config.json: quantization_config: quantised weights are not supported; expected "
            "bf16, f16 or f32");
}

TEST(ModelConfig, RefusesAnUnknownRopeType) {
  EXPECT_EQ(error_of(llama_with(R"("rope_scaling": {"rope_type": "longrope", "factor": 4})")),
            "m/config.json: rope_scaling.rope_type: 'longrope' is not supported; expected default, "
            "linear, llama3 or yarn");
}

TEST(ModelConfig, RefusesARopeFactorBelowOne) {
  EXPECT_EQ(error_of(llama_with(R"("rope_scaling": {"rope_type": "linear", "factor": 0.5})")),
            "m/config.json: rope_scaling.factor: expected a number of at least 1");
}

TEST(ModelConfig, RefusesTextThatIsNotJson) {
  EXPECT_THAT(error_of("{\"hidden_size\": "), testing::StartsWith("m/config.json: not JSON: "));
}

TEST(ModelConfig, RefusesJsonThatIsNoObject) {
  EXPECT_EQ(error_of("[1]"), "m/config.json: expected a JSON object");
}

}  // namespace
}  // namespace ringmaster::engine
