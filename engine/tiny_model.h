#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/model_config.h"
#include "engine/tensor.h"

namespace ringmaster::engine {

/// Shapes of models small enough to make and run anywhere, in seconds.
enum class TinyShape {
  kTinyLlama,  ///< 2 layers of 64, 0.15 M parameters, llama3 RoPE scaling.
  kTinyQwen2,  ///< The same with biases on q, k, v and a tied head.
  kTinyQwen3,  ///< The same with q/k norm, a head size of its own and a tied head.
  kToy,        ///< 8 layers of 512, 25 M parameters: shows real decode times.
};

/// Fails with kInvalidArgument, naming the shapes there are.
[[nodiscard]] Result<TinyShape> parse_tiny_shape(std::string_view name);

struct TinyModelOptions {
  TinyShape shape = TinyShape::kTinyLlama;
  std::uint64_t seed = 1;
  DType dtype = DType::kBf16;                    ///< Or kF32.
  std::optional<RopeScaling> rope_scaling = {};  ///< Instead of the shape's own.
};

struct ModelFile {
  std::string name;
  std::string bytes;
};

/// The files of a model folder: config.json, generation_config.json, model.safetensors,
/// tokenizer.json, tokenizer_config.json. A function of the options: the same bytes everywhere.
///
/// The weights are random, but outputs are not degenerate: activations keep their size from layer
/// to layer, logits have a deviation of about 4, and tokens that are no text on their own (bytes
/// outside ASCII, control tokens) are made unlikely, so that what the model writes is readable
/// nonsense.
[[nodiscard]] std::vector<ModelFile> make_tiny_model(const TinyModelOptions& options);

}  // namespace ringmaster::engine
