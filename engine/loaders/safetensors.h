#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/loaders/mapped_file.h"
#include "engine/tensor.h"

namespace ringmaster::engine {

/// The tensors of a model folder, mapped and not copied.
///
/// Owns the mappings that `tensors()` points into. A tensor that a file stores off its element's
/// alignment (old writers did not pad their header) is copied once, so that every view is aligned.
class SafetensorsFiles {
 public:
  /// Opens model.safetensors, or the shards that model.safetensors.index.json names.
  ///
  /// Fails with kNotFound or kInvalidArgument: one line that names the file and the tensor; a
  /// shard is missing or cut short, a tensor stands in two shards or not in the one named for it.
  [[nodiscard]] static Result<SafetensorsFiles> open(const std::string& folder);

  [[nodiscard]] const TensorMap& tensors() const { return tensors_; }

 private:
  [[nodiscard]] Status add_file(const std::string& path);

  std::vector<MappedFile> files_;
  std::vector<std::vector<std::byte>> copies_;
  TensorMap tensors_;
};

}  // namespace ringmaster::engine
