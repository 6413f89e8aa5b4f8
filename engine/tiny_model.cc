#include "engine/tiny_model.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"
#include "base/random.h"
#include "engine/safetensors_writer.h"
#include "engine/tiny_tokenizer.h"

namespace ringmaster::engine {
namespace {

// Each product of a normed row (deviation 1) has this deviation: large enough that layers matter.
constexpr double kProjectionGain = 1.2;
constexpr double kLogitDeviation = 4.0;
constexpr double kUnlikelyScale = 0.25;

ModelConfig config_of(const TinyModelOptions& options) {
  ModelConfig config{.architecture = Architecture::kLlama,
                     .layers = 2,
                     .hidden = 64,
                     .heads = 4,
                     .kv_heads = 2,
                     .head_dim = 16,
                     .feed_forward = 176,
                     .vocabulary_size = 512,
                     .context_tokens_max = 8192,
                     .rope_theta = 1'000'000.0,
                     .norm_epsilon = 1e-6};
  switch (options.shape) {
    case TinyShape::kTinyLlama:
      config.rope_theta = 500'000.0;
      config.norm_epsilon = 1e-5;
      config.rope_scaling = {
          .kind = RopeScalingKind::kLlama3, .factor = 8.0, .original_context_tokens = 1024};
      break;
    case TinyShape::kTinyQwen2:
      config.architecture = Architecture::kQwen2;
      config.qkv_bias = true;
      config.tied_embeddings = true;
      break;
    case TinyShape::kTinyQwen3:
      config.architecture = Architecture::kQwen3;
      config.head_dim = 32;
      config.qk_norm = true;
      config.tied_embeddings = true;
      break;
    case TinyShape::kToy:
      config.layers = 8;
      config.hidden = 512;
      config.heads = 8;
      config.kv_heads = 4;
      config.head_dim = 64;
      config.feed_forward = 1408;
      config.vocabulary_size = 2048;
      config.rope_theta = 500'000.0;
      break;
  }
  if (options.rope_scaling) config.rope_scaling = *options.rope_scaling;
  return config;
}

/// Makes the weights, each tensor from its own stream, so that none depends on the others.
class WeightMaker {
 public:
  WeightMaker(const ModelConfig& config, const TinyTokenizer& tokenizer, std::uint64_t seed)
      : config_(config), tokenizer_(tokenizer), seed_(seed) {}

  std::vector<NamedTensor> make() {
    const double head_deviation = kLogitDeviation / std::sqrt(config_.hidden);
    vocabulary("model.embed_tokens.weight", config_.tied_embeddings ? head_deviation : 1.0,
               config_.tied_embeddings);
    for (std::int32_t i = 0; i < config_.layers; ++i)
      layer("model.layers." + std::to_string(i) + ".");
    final_norm();
    if (!config_.tied_embeddings) vocabulary("lm_head.weight", head_deviation, true);
    return std::move(tensors_);
  }

 private:
  void layer(const std::string& prefix) {
    norm(prefix + "input_layernorm.weight", config_.hidden);
    projection(prefix + "self_attn.q_proj", config_.query_width(), config_.hidden,
               config_.qkv_bias);
    projection(prefix + "self_attn.k_proj", config_.kv_width(), config_.hidden, config_.qkv_bias);
    projection(prefix + "self_attn.v_proj", config_.kv_width(), config_.hidden, config_.qkv_bias);
    projection(prefix + "self_attn.o_proj", config_.hidden, config_.query_width(), false);
    if (config_.qk_norm) {
      norm(prefix + "self_attn.q_norm.weight", config_.head_dim);
      norm(prefix + "self_attn.k_norm.weight", config_.head_dim);
    }
    norm(prefix + "post_attention_layernorm.weight", config_.hidden);
    projection(prefix + "mlp.gate_proj", config_.feed_forward, config_.hidden, false);
    projection(prefix + "mlp.up_proj", config_.feed_forward, config_.hidden, false);
    projection(prefix + "mlp.down_proj", config_.hidden, config_.feed_forward, false);
  }

  void projection(const std::string& name, std::int32_t outputs, std::int32_t inputs, bool bias) {
    add(name + ".weight", {outputs, inputs}, 0.0, kProjectionGain / std::sqrt(inputs));
    if (bias) add(name + ".bias", {outputs}, 0.0, 0.2);
  }

  NamedTensor& norm(const std::string& name, std::int32_t width) {
    return add(name, {width}, 1.0, 0.06);
  }

  /// With a tied head a token's own row, still in the residual stream, would make the model repeat
  /// it for ever. Turning every other sign takes that product to zero.
  void final_norm() {
    NamedTensor& weight = norm("model.norm.weight", config_.hidden);
    if (!config_.tied_embeddings) return;
    for (std::size_t i = 0; i < weight.values.size(); i += 2) weight.values[i] = -weight.values[i];
  }

  void vocabulary(const std::string& name, double deviation, bool is_head) {
    NamedTensor& table = add(name, {config_.vocabulary_size, config_.hidden}, 0.0, deviation);
    if (!is_head) return;
    const auto width = static_cast<std::size_t>(config_.hidden);
    for (std::size_t token = 0; token < static_cast<std::size_t>(config_.vocabulary_size);
         ++token) {
      if (is_likely(token)) continue;
      for (std::size_t i = 0; i < width; ++i) {
        table.values[token * width + i] *= static_cast<float>(kUnlikelyScale);
      }
    }
  }

  [[nodiscard]] bool is_likely(std::size_t token) const {
    if (token >= tokenizer_.tokens.size()) return false;
    const std::string& bytes = tokenizer_.tokens[token];
    return std::all_of(bytes.begin(), bytes.end(),
                       [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); });
  }

  NamedTensor& add(std::string name, Shape shape, double mean, double deviation) {
    std::uint64_t stream = seed_;
    for (const char c : name)
      stream = mix64(stream ^ static_cast<unsigned char>(c)) + 0x9e3779b97f4a7c15ULL;
    Random random(stream);
    std::size_t count = 1;
    for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
    std::vector<float> values(count);
    // Uniform, not normal: the same deviation without a library function that may differ in bits.
    const double reach = std::numbers::sqrt3 * deviation;
    for (float& value : values)
      value = static_cast<float>(mean + reach * (2.0 * random.unit() - 1.0));
    return tensors_.emplace_back(NamedTensor{std::move(name), std::move(shape), std::move(values)});
  }

  const ModelConfig& config_;
  const TinyTokenizer& tokenizer_;
  std::uint64_t seed_;
  std::vector<NamedTensor> tensors_;
};

std::string number(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  return text.back() == '.' ? text + '0' : text;
}

std::string rope_scaling_json(const RopeScaling& scaling) {
  const std::string factor = "\"factor\": " + number(scaling.factor);
  const std::string original =
      ", \"original_max_position_embeddings\": " + std::to_string(scaling.original_context_tokens);
  switch (scaling.kind) {
    case RopeScalingKind::kNone:
      return "null";
    case RopeScalingKind::kLinear:
      return R"({"rope_type": "linear", )" + factor + "}";
    case RopeScalingKind::kLlama3:
      return R"({"rope_type": "llama3", )" + factor +
             ", \"low_freq_factor\": " + number(scaling.low_frequency_factor) +
             ", \"high_freq_factor\": " + number(scaling.high_frequency_factor) + original + "}";
    case RopeScalingKind::kYarn:
      return R"({"rope_type": "yarn", )" + factor + original + "}";
  }
  return "null";
}

std::string class_name(Architecture architecture) {
  switch (architecture) {
    case Architecture::kLlama:
      return "LlamaForCausalLM";
    case Architecture::kMistral:
      return "MistralForCausalLM";
    case Architecture::kQwen2:
      return "Qwen2ForCausalLM";
    case Architecture::kQwen3:
      return "Qwen3ForCausalLM";
  }
  return "";
}

std::string config_json(const ModelConfig& config, DType dtype, const std::string& end_tokens) {
  std::string out = "{\n";
  const auto line = [&](std::string_view key, const std::string& value) {
    out += "  \"" + std::string(key) + "\": " + value + ",\n";
  };
  const auto integer = [&](std::string_view key, std::int32_t value) {
    line(key, std::to_string(value));
  };
  const auto flag = [&](std::string_view key, bool value) { line(key, value ? "true" : "false"); };
  line("architectures", "[\"" + class_name(config.architecture) + "\"]");
  line("model_type", "\"" + std::string(architecture_name(config.architecture)) + "\"");
  integer("hidden_size", config.hidden);
  integer("intermediate_size", config.feed_forward);
  integer("num_hidden_layers", config.layers);
  integer("num_attention_heads", config.heads);
  integer("num_key_value_heads", config.kv_heads);
  integer("head_dim", config.head_dim);
  integer("vocab_size", config.vocabulary_size);
  integer("max_position_embeddings", config.context_tokens_max);
  line("rope_theta", number(config.rope_theta));
  line("rope_scaling", rope_scaling_json(config.rope_scaling));
  line("rms_norm_eps", number(config.norm_epsilon));
  line("hidden_act", "\"silu\"");
  flag("tie_word_embeddings", config.tied_embeddings);
  flag("attention_bias", config.qkv_bias);
  line("eos_token_id", end_tokens);
  out += "  \"torch_dtype\": \"" + std::string(dtype == DType::kF32 ? "float32" : "bfloat16") +
         "\"\n}\n";
  return out;
}

}  // namespace

Result<TinyShape> parse_tiny_shape(std::string_view name) {
  if (name == "tiny-llama") return TinyShape::kTinyLlama;
  if (name == "tiny-qwen2") return TinyShape::kTinyQwen2;
  if (name == "tiny-qwen3") return TinyShape::kTinyQwen3;
  if (name == "toy") return TinyShape::kToy;
  return invalid("shape '" + std::string(name) +
                 "': expected tiny-llama, tiny-qwen2, tiny-qwen3 or toy");
}

std::vector<ModelFile> make_tiny_model(const TinyModelOptions& options) {
  ModelConfig config = config_of(options);
  const bool is_llama = config.architecture == Architecture::kLlama;
  const TinyTokenizer tokenizer = train_tiny_tokenizer(
      is_llama ? TokenizerStyle::kLlama3 : TokenizerStyle::kQwen, config.vocabulary_size);
  config.vocabulary_size = tokenizer.vocabulary_size();
  const std::string end_of_turn =
      std::to_string(tokenizer.special_id(is_llama ? "<|eot_id|>" : "<|im_end|>"));
  const std::string end_of_text =
      std::to_string(tokenizer.special_id(is_llama ? "<|end_of_text|>" : "<|endoftext|>"));
  const auto weights = WeightMaker(config, tokenizer, options.seed).make();
  return {{"config.json", config_json(config, options.dtype, end_of_turn)},
          {"generation_config.json",
           "{\n  \"eos_token_id\": [" + end_of_turn + ", " + end_of_text + "]\n}\n"},
          {"model.safetensors", write_safetensors(weights, options.dtype)},
          {"tokenizer.json", tokenizer_json(tokenizer)},
          {"tokenizer_config.json", tokenizer_config_json(tokenizer, config.context_tokens_max)}};
}

}  // namespace ringmaster::engine
