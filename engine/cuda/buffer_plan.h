#pragma once

#include <cstdint>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/cuda_api.h"
#include "engine/cuda/kv_layout.h"
#include "engine/cuda/step_layout.h"

namespace ringmaster::engine::cuda {

/// Rows of a product in deterministic mode; every product has exactly so many.
inline constexpr std::int32_t kSlabRows = 128;

/// Elements of each working buffer for the largest step.
struct BufferPlan {
  std::int64_t words = 0;
  std::int64_t hidden = 0;  ///< Of `hidden`, `normed` and `projected` each.
  std::int64_t qkv = 0;
  std::int64_t attended = 0;
  std::int64_t gate_up = 0;
  std::int64_t activation = 0;
  std::int64_t logits = 0;
  std::int64_t partials = 0;
  std::int64_t stats = 0;
  std::int64_t rows = 0;  ///< Of samples and of newest samples by slot.

  /// Bytes of all together, alignment aside.
  [[nodiscard]] constexpr std::int64_t bytes() const {
    return 4 * (words + logits + partials + stats) +
           2 * (3 * hidden + qkv + attended + gate_up + activation) +
           rows * static_cast<std::int64_t>(sizeof(SampleOutput) + 4);
  }
};

/// Whole slabs of kSlabRows.
[[nodiscard]] constexpr std::int64_t slab_rows(std::int64_t rows) {
  return (rows + kSlabRows - 1) / kSlabRows * kSlabRows;
}

/// Blocks that hold the longest context.
[[nodiscard]] constexpr std::int64_t context_blocks(const CudaOpenRequest& request) {
  return ceil_div(request.shape.context_tokens_max, request.block_tokens);
}

/// The cache of a model with so many blocks.
[[nodiscard]] constexpr KvLayout kv_layout(const CudaOpenRequest& request, std::int32_t blocks) {
  return {.layers = request.shape.layers,
          .blocks = blocks,
          .kv_heads = request.shape.kv_heads,
          .block_tokens = request.block_tokens,
          .head_dim = request.shape.head_dim,
          .type = request.kv_type};
}

/// What one of the request's GPUs is asked for. Requires: 0 <= rank < request.ranks.
[[nodiscard]] constexpr CudaOpenRequest request_of_rank(CudaOpenRequest request,
                                                        std::int32_t rank) {
  request.rank = rank;
  request.ordinal += rank;
  if (request.layers != nullptr) request.layers += std::int64_t{rank} * request.shape.layers;
  return request;
}

/// Bytes of one block's keys and values in all layers.
[[nodiscard]] constexpr std::int64_t block_bytes(const CudaOpenRequest& request) {
  return 2 * kv_layout(request, 1).units();
}

[[nodiscard]] constexpr BufferPlan plan_buffers(const CudaOpenRequest& request) {
  const CudaModelShape& shape = request.shape;
  const std::int64_t sequences = request.sequences_max;
  // A decode step is padded, so it may have more rows than tokens are allowed.
  const std::int64_t most =
      request.step_tokens_max > sequences ? request.step_tokens_max : sequences;
  const std::int64_t tokens = slab_rows(most);
  const std::int64_t width = std::int64_t{shape.heads} * shape.head_dim;
  // A shorter context may have more pieces than the longest one, but none has more than the most.
  const std::int64_t longest = ceil_div(shape.context_tokens_max, kChunkTokensMin);
  const std::int64_t pieces = sequences * (longest < kChunksMax ? longest : kChunksMax);
  return {.words = step_words_max(static_cast<std::int32_t>(most), request.sequences_max,
                                  sequences * context_blocks(request)),
          .hidden = tokens * shape.hidden,
          .qkv = tokens * (width + std::int64_t{2} * shape.kv_heads * shape.head_dim),
          .attended = tokens * width,
          .gate_up = tokens * 2 * shape.feed_forward,
          .activation = tokens * shape.feed_forward,
          .logits = request.rank == 0 ? slab_rows(sequences) * shape.vocabulary : 0,
          .partials = pieces * width,
          .stats = pieces * shape.heads * 2,
          .rows = slab_rows(sequences)};
}

}  // namespace ringmaster::engine::cuda
