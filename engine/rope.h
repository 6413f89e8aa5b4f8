#pragma once

#include <span>
#include <vector>

#include "engine/model_config.h"

namespace ringmaster::engine {

/// Rotary position embedding of one model: pair j of a head (elements j and j + head_dim / 2) is
/// turned by position * frequencies[j]; cos and sin are multiplied by `magnitude`.
struct Rope {
  std::vector<double> frequencies;  ///< [head_dim / 2], radians per position, descending.
  double magnitude = 1.0;           ///< Other than 1 only with yarn.
};

/// Base frequencies theta^(-2j / head_dim) (Su et al., "RoFormer", 2021) with the model's scaling:
/// linear (Chen et al., "Position interpolation", 2023), llama3 (Llama 3.1 model card) or yarn
/// (Peng et al., "YaRN", 2023, section 3.2 and 3.4).
[[nodiscard]] Rope make_rope(const ModelConfig& config);

/// Writes cos and sin of every pair at `position`. Requires: both have head_dim / 2 elements.
void rope_angles(const Rope& rope, std::int32_t position, std::span<float> cosines,
                 std::span<float> sines);

}  // namespace ringmaster::engine
