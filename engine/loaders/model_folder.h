#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "engine/loaders/safetensors.h"
#include "engine/model_config.h"
#include "engine/weight_plan.h"

namespace ringmaster::engine {

/// A model read from a folder: config.json, generation_config.json (optional) and safetensors.
///
/// Owns the mapped files that `weights` points into; immutable, so any thread may read it.
struct LoadedModel {
  std::string name;  ///< The folder's own name.
  ModelConfig config;
  SafetensorsFiles files;
  ModelWeights weights;
};

/// Reads and checks everything but the tokenizer. Costs page faults, no copy of the weights.
///
/// Fails with kNotFound (no such folder or file) or kInvalidArgument: one line that names the file.
[[nodiscard]] Result<std::shared_ptr<const LoadedModel>> load_model_folder(
    const std::string& folder);

/// The same without the weights, for programs that only need the shape.
[[nodiscard]] Result<ModelConfig> load_model_config(const std::string& folder);

}  // namespace ringmaster::engine
