#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/cuda/cuda_api.h"
#include "engine/step_input.h"

namespace ringmaster::engine::cuda {

/// What packing has to know of the model and the device.
struct StepPackerOptions {
  std::int32_t block_tokens = 16;
  std::int32_t group = 1;            ///< Query heads of a KV head.
  std::int32_t sequences_max = 256;  ///< A padded batch has no more.
  /// False: the kernels for prefill compute every token, whose results do not depend on how a
  /// sequence was cut into chunks; slower, and nothing is padded.
  bool decodes_apart = true;
};

/// Lays a step out for its one upload. A step that only decodes is padded to a batch bucket, so
/// that its layout, and the recorded graph that reads it, is one of a few.
///
/// Keeps its working memory between calls.
class StepPacker {
 public:
  explicit StepPacker(StepPackerOptions options) : options_(options) {}

  /// The step's words stay valid until the next call; its copies are the input's own.
  /// Requires: check_step() has passed the step, and the sequences that decode come first.
  /// O(tokens + blocks).
  [[nodiscard]] CudaStep pack(const StepInput& input);

 private:
  [[nodiscard]] StepCounts counts_of(const StepInput& input) const;
  void pack_tokens(const StepInput& input, const StepLayout& layout);
  void pack_sequences(const StepInput& input, const StepLayout& layout, CudaStep& step);
  static void pack_chunks(std::span<const StepSequence> decoding, std::span<std::int32_t> ends);
  void pack_tiles(std::span<const StepSequence> prefilling, std::int32_t* ends,
                  CudaStep& step) const;
  void pack_rows(const StepInput& input, const StepLayout& layout, std::int32_t count);

  StepPackerOptions options_;
  std::vector<std::int32_t> words_;
};

}  // namespace ringmaster::engine::cuda
