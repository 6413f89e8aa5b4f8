#pragma once

#include <cstdint>

namespace ringmaster::engine::cuda {

/// What the elements of a cache are: bfloat16, or e4m3 with a scale for each row.
enum class KvType : std::int32_t { kBf16, kE4m3 };

/// Where the keys and values of a paged cache lie:
/// [layers][keys, values][blocks][kv_heads][block_tokens][head_dim], so that a head's part of a
/// block is one contiguous run; with e4m3 followed, in each block, by the rows' scales, floats
/// [kv_heads][block_tokens]. All counts are of units of two bytes: one bfloat16 or two e4m3.
struct KvLayout {
  std::int32_t layers = 0;
  std::int32_t blocks = 0;
  std::int32_t kv_heads = 0;
  std::int32_t block_tokens = 0;
  std::int32_t head_dim = 0;
  KvType type = KvType::kBf16;

  /// Units of one row of head_dim elements.
  [[nodiscard]] constexpr std::int32_t row_units() const {
    return type == KvType::kE4m3 ? head_dim / 2 : head_dim;
  }
  [[nodiscard]] constexpr std::int64_t head_stride() const {
    return std::int64_t{block_tokens} * row_units();
  }
  /// A multiple of 16 bytes.
  [[nodiscard]] constexpr std::int64_t block_stride() const {
    return kv_heads * head_stride() + (type == KvType::kE4m3 ? scale_units() : 0);
  }
  [[nodiscard]] constexpr std::int64_t plane_stride() const { return blocks * block_stride(); }
  [[nodiscard]] constexpr std::int64_t units() const { return 2 * layers * plane_stride(); }

  /// All keys (part 0) or values (part 1) of a layer.
  [[nodiscard]] constexpr std::int64_t plane(std::int32_t layer, std::int32_t part) const {
    return (std::int64_t{2} * layer + part) * plane_stride();
  }

  /// A row of head_dim elements within a plane. Requires: all indices in range.
  [[nodiscard]] constexpr std::int64_t row(std::int32_t block, std::int32_t kv_head,
                                           std::int32_t slot) const {
    return block * block_stride() + kv_head * head_stride() + std::int64_t{slot} * row_units();
  }

  /// The scale of that row, a float. Requires: type is kE4m3.
  [[nodiscard]] constexpr std::int64_t scale(std::int32_t block, std::int32_t kv_head,
                                             std::int32_t slot) const {
    return block * block_stride() + kv_heads * head_stride() +
           2 * (std::int64_t{kv_head} * block_tokens + slot);
  }

 private:
  /// Of a block's scales, padded to 16 bytes.
  [[nodiscard]] constexpr std::int64_t scale_units() const {
    return (2 * std::int64_t{kv_heads} * block_tokens + 7) / 8 * 8;
  }
};

}  // namespace ringmaster::engine::cuda
