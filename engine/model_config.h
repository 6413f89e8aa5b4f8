#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tokens/token.h"

namespace ringmaster::engine {

/// The families of decoder that the engine runs. They differ only in what ModelConfig spells out.
enum class Architecture { kLlama, kMistral, kQwen2, kQwen3 };

[[nodiscard]] std::string_view architecture_name(Architecture architecture);

enum class RopeScalingKind { kNone, kLinear, kLlama3, kYarn };

/// How rotary frequencies are stretched beyond the context that the model was trained on.
/// rope.h holds the formulas; fields that a kind does not use keep their defaults.
struct RopeScaling {
  RopeScalingKind kind = RopeScalingKind::kNone;
  double factor = 1.0;                       ///< >= 1; context after over before.
  double low_frequency_factor = 1.0;         ///< llama3.
  double high_frequency_factor = 4.0;        ///< llama3; greater than the low one.
  std::int32_t original_context_tokens = 0;  ///< llama3 and yarn: the trained context.
  double beta_fast = 32.0;                   ///< yarn: turns above which nothing is stretched.
  double beta_slow = 1.0;                    ///< yarn: turns below which all is stretched.
  std::optional<double> attention_factor;    ///< yarn: scales cos and sin; else 1 + 0.1 ln(factor).
};

/// The shape of a model: what its config.json says, checked and with every default filled in.
struct ModelConfig {
  Architecture architecture = Architecture::kLlama;
  std::int32_t layers = 0;
  std::int32_t hidden = 0;  ///< Width of the residual stream.
  std::int32_t heads = 0;   ///< Query heads; a multiple of kv_heads.
  std::int32_t kv_heads = 0;
  std::int32_t head_dim = 0;      ///< Even; heads * head_dim need not equal hidden.
  std::int32_t feed_forward = 0;  ///< Width of the gated MLP.
  std::int32_t vocabulary_size = 0;
  std::int32_t context_tokens_max = 0;  ///< Positions the model knows, scaling and window included.
  double rope_theta = 10'000.0;
  RopeScaling rope_scaling;
  double norm_epsilon = 1e-6;
  bool tied_embeddings = false;  ///< The output head is the embedding matrix.
  bool qkv_bias = false;
  bool qk_norm = false;  ///< RMSNorm of each query and key head before RoPE (Qwen3).
  std::vector<TokenId> end_tokens;

  [[nodiscard]] std::int32_t query_width() const { return heads * head_dim; }
  [[nodiscard]] std::int32_t kv_width() const { return kv_heads * head_dim; }

  /// KV cache of one token: keys and values of all layers, in elements.
  [[nodiscard]] std::int64_t kv_elements_per_token() const {
    return std::int64_t{2} * layers * kv_width();
  }
  [[nodiscard]] std::int64_t parameter_count() const;
};

/// Reads the text of a Hugging Face config.json. `file` is only named in errors.
///
/// Fails with kInvalidArgument: one line that names file, key, and what was expected. What would
/// silently give wrong results (another activation, quantised weights, partial RoPE) is refused.
[[nodiscard]] Result<ModelConfig> parse_model_config(std::string_view json, std::string_view file);

/// Adds the end tokens that a generation_config.json names. Fails as parse_model_config does.
[[nodiscard]] Status apply_generation_config(ModelConfig& config, std::string_view json,
                                             std::string_view file);

}  // namespace ringmaster::engine
