#include "engine/model_config.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <simdjson.h>

namespace ringmaster::engine {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

constexpr std::int32_t kWidthMax = 1 << 20;  // Far above any model; keeps products inside 64 bits.
constexpr std::int32_t kLayersMax = 4096;
constexpr std::int32_t kVocabularyMax = 1 << 24;
constexpr std::int32_t kHeadDimMax = 512;
constexpr std::int32_t kContextMax = 1 << 28;

/// Reads keys of one JSON object and keeps the first problem, so that a parser reads straight on
/// and asks once at its end. A null counts as absent.
class Fields {
 public:
  Fields(object source, std::string_view file, std::string prefix = {})
      : source_(source), file_(file), prefix_(std::move(prefix)) {}

  [[nodiscard]] std::optional<element> find(std::string_view key) const {
    element value;
    if (source_.at_key(key).get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
    return value;
  }

  void expect(std::string_view key, std::string_view expected) {
    if (!error_)
      error_ =
          std::string(file_) + ": " + prefix_ + std::string(key) + ": " + std::string(expected);
  }

  std::int32_t integer(std::string_view key, std::int32_t low, std::int32_t high,
                       std::optional<std::int32_t> absent = std::nullopt) {
    const auto value = find(key);
    if (!value && absent) return *absent;
    std::int64_t number = 0;
    if (!value || value->get(number) != simdjson::SUCCESS || number < low || number > high) {
      expect(key, "expected an integer from " + std::to_string(low) + " to " +
                      std::to_string(high) + (value ? "" : ", is missing"));
      return low;
    }
    return static_cast<std::int32_t>(number);
  }

  double positive(std::string_view key, std::optional<double> absent = std::nullopt) {
    const auto value = find(key);
    if (!value && absent) return *absent;
    double number = 0;
    if (!value || value->get(number) != simdjson::SUCCESS || !(number > 0) ||
        !std::isfinite(number)) {
      expect(key, std::string("expected a number above 0") + (value ? "" : ", is missing"));
      return 1.0;
    }
    return number;
  }

  bool boolean(std::string_view key, bool absent) {
    const auto value = find(key);
    if (!value) return absent;
    bool flag = absent;
    if (value->get(flag) != simdjson::SUCCESS) expect(key, "expected true or false");
    return flag;
  }

  std::string_view text(std::string_view key, std::string_view absent) {
    const auto value = find(key);
    if (!value) return absent;
    std::string_view word = absent;
    if (value->get(word) != simdjson::SUCCESS) expect(key, "expected a string");
    return word;
  }

  /// Token ids given as one integer or as a list of them.
  std::vector<TokenId> token_ids(std::string_view key, std::int32_t vocabulary_size) {
    std::vector<TokenId> ids;
    const auto add = [&](element value) {
      std::int64_t id = -1;
      if (value.get(id) != simdjson::SUCCESS || id < 0 || id >= vocabulary_size) {
        expect(key, "expected token ids below vocab_size " + std::to_string(vocabulary_size));
        return;
      }
      ids.push_back(static_cast<TokenId>(id));
    };
    const auto value = find(key);
    if (!value) return ids;
    simdjson::dom::array list;
    if (value->get(list) == simdjson::SUCCESS) {
      for (const element item : list) add(item);
    } else {
      add(*value);
    }
    return ids;
  }

  [[nodiscard]] const std::optional<std::string>& error() const { return error_; }

 private:
  object source_;
  std::string_view file_;
  std::string prefix_;
  std::optional<std::string> error_;
};

Result<object> parse_object(simdjson::dom::parser& parser, std::string_view json,
                            std::string_view file) {
  element root;
  object members;
  const auto code = parser.parse(json.data(), json.size()).get(root);
  if (code != simdjson::SUCCESS) {
    return invalid(std::string(file) + ": not JSON: " + simdjson::error_message(code));
  }
  if (root.get(members) != simdjson::SUCCESS)
    return invalid(std::string(file) + ": expected a JSON object");
  return members;
}

Result<Architecture> read_architecture(Fields& fields, std::string_view file) {
  std::string_view name = fields.text("model_type", "");
  simdjson::dom::array list;
  if (const auto value = fields.find("architectures");
      value && value->get(list) == simdjson::SUCCESS && list.size() > 0) {
    if (list.at(0).get(name) != simdjson::SUCCESS) {
      return invalid(std::string(file) + ": architectures: expected a list of strings");
    }
  }
  if (name == "LlamaForCausalLM" || name == "llama") return Architecture::kLlama;
  if (name == "MistralForCausalLM" || name == "mistral") return Architecture::kMistral;
  if (name == "Qwen2ForCausalLM" || name == "qwen2") return Architecture::kQwen2;
  if (name == "Qwen3ForCausalLM" || name == "qwen3") return Architecture::kQwen3;
  return invalid(std::string(file) + ": architectures: '" + std::string(name) +
                 "' is not supported; expected LlamaForCausalLM, MistralForCausalLM, "
                 "Qwen2ForCausalLM or Qwen3ForCausalLM");
}

RopeScaling read_rope_scaling(Fields& fields, std::int32_t trained_context) {
  RopeScaling scaling;
  const std::string_view type = fields.text("rope_type", fields.text("type", "default"));
  if (type == "default") return scaling;
  if (type != "linear" && type != "llama3" && type != "yarn") {
    fields.expect("rope_type", "'" + std::string(type) +
                                   "' is not supported; expected default, linear, llama3 or yarn");
    return scaling;
  }
  scaling.factor = fields.positive("factor");
  if (scaling.factor < 1.0) fields.expect("factor", "expected a number of at least 1");
  if (type == "linear") {
    scaling.kind = RopeScalingKind::kLinear;
    return scaling;
  }
  scaling.original_context_tokens =
      fields.integer("original_max_position_embeddings", 1, kContextMax, trained_context);
  if (type == "llama3") {
    scaling.kind = RopeScalingKind::kLlama3;
    scaling.low_frequency_factor = fields.positive("low_freq_factor");
    scaling.high_frequency_factor = fields.positive("high_freq_factor");
    if (scaling.high_frequency_factor <= scaling.low_frequency_factor) {
      fields.expect("high_freq_factor", "expected more than low_freq_factor");
    }
    return scaling;
  }
  scaling.kind = RopeScalingKind::kYarn;
  scaling.beta_fast = fields.positive("beta_fast", scaling.beta_fast);
  scaling.beta_slow = fields.positive("beta_slow", scaling.beta_slow);
  if (fields.find("attention_factor"))
    scaling.attention_factor = fields.positive("attention_factor");
  return scaling;
}

/// RoPE keys stand at the top (rope_theta, rope_scaling) or, in newer files, in rope_parameters.
std::optional<std::string> read_rope(Fields& fields, std::string_view file, ModelConfig& config) {
  config.rope_theta = fields.positive("rope_theta", config.rope_theta);
  for (const std::string_view key : {"rope_scaling", "rope_parameters"}) {
    const auto value = fields.find(key);
    if (!value) continue;
    object members;
    if (value->get(members) != simdjson::SUCCESS) {
      fields.expect(key, "expected an object");
      continue;
    }
    Fields rope(members, file, std::string(key) + ".");
    config.rope_theta = rope.positive("rope_theta", config.rope_theta);
    config.rope_scaling = read_rope_scaling(rope, config.context_tokens_max);
    if (rope.error()) return rope.error();
  }
  return std::nullopt;
}

/// Positions that the model may be run at. Linear and yarn files state the trained context;
/// llama3 files the stretched one.
std::int32_t usable_context(const ModelConfig& config) {
  const RopeScaling& scaling = config.rope_scaling;
  double tokens = config.context_tokens_max;
  if (scaling.kind == RopeScalingKind::kLinear) tokens *= scaling.factor;
  if (scaling.kind == RopeScalingKind::kYarn) {
    tokens = std::max(tokens, scaling.original_context_tokens * scaling.factor);
  }
  return static_cast<std::int32_t>(std::min<double>(tokens, kContextMax));
}

/// Inside its window, sliding-window attention is plain attention; so the window is the context.
void apply_sliding_window(Fields& fields, ModelConfig& config) {
  const bool is_qwen =
      config.architecture == Architecture::kQwen2 || config.architecture == Architecture::kQwen3;
  if (!fields.boolean("use_sliding_window", !is_qwen)) return;
  const std::int32_t window = fields.integer("sliding_window", 1, kContextMax, kContextMax);
  config.context_tokens_max = std::min(config.context_tokens_max, window);
}

void refuse_unsupported(Fields& fields) {
  if (fields.text("hidden_act", "silu") != "silu") fields.expect("hidden_act", "expected \"silu\"");
  if (fields.boolean("mlp_bias", false)) fields.expect("mlp_bias", "expected false");
  if (fields.find("quantization_config")) {
    fields.expect("quantization_config",
                  "quantised weights are not supported; expected bf16, f16 or f32");
  }
  if (fields.positive("partial_rotary_factor", 1.0) != 1.0) {
    fields.expect("partial_rotary_factor", "expected 1");
  }
}

void read_shape(Fields& fields, ModelConfig& config) {
  config.layers = fields.integer("num_hidden_layers", 1, kLayersMax);
  config.hidden = fields.integer("hidden_size", 1, kWidthMax);
  config.heads = fields.integer("num_attention_heads", 1, kWidthMax);
  config.kv_heads = fields.integer("num_key_value_heads", 1, kWidthMax, config.heads);
  config.feed_forward = fields.integer("intermediate_size", 1, kWidthMax);
  config.vocabulary_size = fields.integer("vocab_size", 1, kVocabularyMax);
  config.context_tokens_max = fields.integer("max_position_embeddings", 1, kContextMax);
  config.norm_epsilon = fields.positive("rms_norm_eps", 1e-6);
  if (config.heads % config.kv_heads != 0) {
    fields.expect("num_key_value_heads",
                  "expected a divisor of num_attention_heads " + std::to_string(config.heads));
  }
  config.head_dim = fields.integer("head_dim", 2, kHeadDimMax, config.hidden / config.heads);
  if (config.head_dim < 2 || config.head_dim > kHeadDimMax || config.head_dim % 2 != 0 ||
      (!fields.find("head_dim") && config.hidden % config.heads != 0)) {
    fields.expect("head_dim", "expected an even number from 2 to " + std::to_string(kHeadDimMax) +
                                  " (hidden_size / num_attention_heads if absent)");
  }
}

}  // namespace

std::string_view architecture_name(Architecture architecture) {
  switch (architecture) {
    case Architecture::kLlama:
      return "llama";
    case Architecture::kMistral:
      return "mistral";
    case Architecture::kQwen2:
      return "qwen2";
    case Architecture::kQwen3:
      return "qwen3";
  }
  return "unknown";
}

std::int64_t ModelConfig::parameter_count() const {
  const std::int64_t width = hidden;
  std::int64_t layer =
      width * query_width() * 2 + width * kv_width() * 2 + width * feed_forward * 3 + width * 2;
  if (qkv_bias) layer += query_width() + std::int64_t{2} * kv_width();
  if (qk_norm) layer += std::int64_t{2} * head_dim;
  const std::int64_t embedding = width * vocabulary_size;
  return layer * layers + width + embedding * (tied_embeddings ? 1 : 2);
}

Result<ModelConfig> parse_model_config(std::string_view json, std::string_view file) {
  simdjson::dom::parser parser;
  const auto root = parse_object(parser, json, file);
  if (!root) return tl::unexpected(root.error());
  Fields fields(*root, file);
  const auto architecture = read_architecture(fields, file);
  if (!architecture) return tl::unexpected(architecture.error());

  ModelConfig config;
  config.architecture = *architecture;
  read_shape(fields, config);
  refuse_unsupported(fields);
  config.qkv_bias = fields.boolean("attention_bias", *architecture == Architecture::kQwen2);
  if (config.qkv_bias && *architecture != Architecture::kQwen2) {
    fields.expect("attention_bias", "expected false: a bias on o_proj is not supported");
  }
  config.qk_norm = *architecture == Architecture::kQwen3;
  config.tied_embeddings = fields.boolean("tie_word_embeddings", false);
  config.end_tokens = fields.token_ids("eos_token_id", config.vocabulary_size);
  if (const auto problem = read_rope(fields, file, config)) return invalid(*problem);
  config.context_tokens_max = usable_context(config);
  apply_sliding_window(fields, config);
  if (fields.error()) return invalid(*fields.error());
  return config;
}

Status apply_generation_config(ModelConfig& config, std::string_view json, std::string_view file) {
  simdjson::dom::parser parser;
  const auto root = parse_object(parser, json, file);
  if (!root) return tl::unexpected(root.error());
  Fields fields(*root, file);
  for (const TokenId id : fields.token_ids("eos_token_id", config.vocabulary_size)) {
    if (std::find(config.end_tokens.begin(), config.end_tokens.end(), id) ==
        config.end_tokens.end()) {
      config.end_tokens.push_back(id);
    }
  }
  if (fields.error()) return invalid(*fields.error());
  return {};
}

}  // namespace ringmaster::engine
