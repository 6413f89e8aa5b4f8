#pragma once

#include <cstdint>

namespace ringmaster::engine::cuda {

/// Where the keys and values of a paged cache lie, in elements:
/// [layers][keys, values][blocks][kv_heads][block_tokens][head_dim], so that a head's part of a
/// block is one contiguous run.
struct KvLayout {
  std::int32_t layers = 0;
  std::int32_t blocks = 0;
  std::int32_t kv_heads = 0;
  std::int32_t block_tokens = 0;
  std::int32_t head_dim = 0;

  [[nodiscard]] constexpr std::int64_t head_stride() const {
    return std::int64_t{block_tokens} * head_dim;
  }
  [[nodiscard]] constexpr std::int64_t block_stride() const { return kv_heads * head_stride(); }
  [[nodiscard]] constexpr std::int64_t plane_stride() const { return blocks * block_stride(); }
  [[nodiscard]] constexpr std::int64_t elements() const { return 2 * layers * plane_stride(); }

  /// All keys (part 0) or values (part 1) of a layer.
  [[nodiscard]] constexpr std::int64_t plane(std::int32_t layer, std::int32_t part) const {
    return (std::int64_t{2} * layer + part) * plane_stride();
  }

  /// A row of head_dim elements within a plane. Requires: all indices in range.
  [[nodiscard]] constexpr std::int64_t row(std::int32_t block, std::int32_t kv_head,
                                           std::int32_t slot) const {
    return block * block_stride() + kv_head * head_stride() + std::int64_t{slot} * head_dim;
  }
};

}  // namespace ringmaster::engine::cuda
