#include "engine/weight_plan.h"

#include <optional>
#include <set>
#include <string>

namespace ringmaster::engine {
namespace {

/// Takes tensors out of the map by name and keeps the first problem.
class Picker {
 public:
  Picker(const TensorMap& tensors, std::string_view source) : tensors_(tensors), source_(source) {}

  TensorView take(const std::string& name, const Shape& shape) {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) {
      complain(name, "is missing");
      return {};
    }
    taken_.insert(found->first);
    const TensorView& tensor = found->second;
    if (tensor.shape != shape) {
      complain(name, "has shape " + shape_text(tensor.shape) + ", config.json makes it " +
                         shape_text(shape));
    } else if (tensor.dtype == DType::kOther) {
      complain(name, "has elements of type " + std::string(tensor.type_name) +
                         ", expected BF16, F16 or F32");
    }
    return tensor;
  }

  void refuse_rest(bool tied_embeddings) {
    for (const auto& [name, tensor] : tensors_) {
      if (taken_.contains(name) || name.ends_with(".rotary_emb.inv_freq")) continue;
      if (tied_embeddings && name == "lm_head.weight") continue;  // Some files store it twice.
      complain(name, "is not part of the model that config.json describes");
    }
  }

  [[nodiscard]] const std::optional<std::string>& problem() const { return problem_; }

 private:
  void complain(const std::string& name, const std::string& what) {
    if (!problem_) problem_ = std::string(source_) + ": tensor " + name + " " + what;
  }

  const TensorMap& tensors_;
  std::string_view source_;
  std::set<std::string_view> taken_;
  std::optional<std::string> problem_;
};

LayerWeights take_layer(Picker& picker, const ModelConfig& config, std::int32_t index) {
  const std::string layer = "model.layers." + std::to_string(index) + ".";
  const std::int64_t hidden = config.hidden;
  const std::int64_t query_width = config.query_width();
  const std::int64_t kv_width = config.kv_width();
  const std::int64_t feed_forward = config.feed_forward;
  LayerWeights weights{
      .attention_norm = picker.take(layer + "input_layernorm.weight", {hidden}),
      .query = picker.take(layer + "self_attn.q_proj.weight", {query_width, hidden}),
      .key = picker.take(layer + "self_attn.k_proj.weight", {kv_width, hidden}),
      .value = picker.take(layer + "self_attn.v_proj.weight", {kv_width, hidden}),
      .attention_out = picker.take(layer + "self_attn.o_proj.weight", {hidden, query_width}),
      .mlp_norm = picker.take(layer + "post_attention_layernorm.weight", {hidden}),
      .gate = picker.take(layer + "mlp.gate_proj.weight", {feed_forward, hidden}),
      .up = picker.take(layer + "mlp.up_proj.weight", {feed_forward, hidden}),
      .down = picker.take(layer + "mlp.down_proj.weight", {hidden, feed_forward}),
  };
  if (config.qkv_bias) {
    weights.query_bias = picker.take(layer + "self_attn.q_proj.bias", {query_width});
    weights.key_bias = picker.take(layer + "self_attn.k_proj.bias", {kv_width});
    weights.value_bias = picker.take(layer + "self_attn.v_proj.bias", {kv_width});
  }
  if (config.qk_norm) {
    weights.query_norm = picker.take(layer + "self_attn.q_norm.weight", {config.head_dim});
    weights.key_norm = picker.take(layer + "self_attn.k_norm.weight", {config.head_dim});
  }
  return weights;
}

}  // namespace

Result<ModelWeights> plan_weights(const ModelConfig& config, const TensorMap& tensors,
                                  std::string_view source) {
  Picker picker(tensors, source);
  const Shape table{config.vocabulary_size, config.hidden};
  ModelWeights weights;
  weights.embedding = picker.take("model.embed_tokens.weight", table);
  for (std::int32_t i = 0; i < config.layers && !picker.problem(); ++i) {
    weights.layers.push_back(take_layer(picker, config, i));
  }
  weights.final_norm = picker.take("model.norm.weight", {config.hidden});
  weights.head = config.tied_embeddings ? weights.embedding : picker.take("lm_head.weight", table);
  picker.refuse_rest(config.tied_embeddings);
  if (picker.problem()) return invalid(*picker.problem());
  return weights;
}

}  // namespace ringmaster::engine
