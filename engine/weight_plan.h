#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/model_config.h"
#include "engine/tensor.h"

namespace ringmaster::engine {

/// The weights of one decoder layer. Matrices are [outputs, inputs]; absent ones are not present().
struct LayerWeights {
  TensorView attention_norm;  ///< [hidden]
  TensorView query;           ///< [heads * head_dim, hidden]
  TensorView key;             ///< [kv_heads * head_dim, hidden]
  TensorView value;           ///< [kv_heads * head_dim, hidden]
  TensorView query_bias;      ///< [heads * head_dim]; only with qkv_bias, as the next two.
  TensorView key_bias;
  TensorView value_bias;
  TensorView query_norm;  ///< [head_dim]; only with qk_norm, as the next one.
  TensorView key_norm;
  TensorView attention_out;  ///< [hidden, heads * head_dim]
  TensorView mlp_norm;       ///< [hidden]
  TensorView gate;           ///< [feed_forward, hidden]
  TensorView up;             ///< [feed_forward, hidden]
  TensorView down;           ///< [hidden, feed_forward]
};

/// Every weight of a model by its role.
struct ModelWeights {
  TensorView embedding;  ///< [vocabulary, hidden]
  std::vector<LayerWeights> layers;
  TensorView final_norm;  ///< [hidden]
  TensorView head;        ///< [vocabulary, hidden]; the embedding itself if they are tied.
};

/// Gives each named tensor its role and checks all of them, so that nothing can be wrong later.
///
/// Fails with kInvalidArgument, naming `source` and the tensor: one is missing, has another shape
/// than the config demands, a type the engine does not compute with, or a name that the config
/// knows nothing of (it would be left out of the computation silently).
[[nodiscard]] Result<ModelWeights> plan_weights(const ModelConfig& config, const TensorMap& tensors,
                                                std::string_view source);

}  // namespace ringmaster::engine
