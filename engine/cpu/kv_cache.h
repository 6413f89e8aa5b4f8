#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>

#include "engine/executor.h"
#include "engine/model_config.h"

namespace ringmaster::engine {

/// Keys and values of all blocks: f32, [layers, 2, blocks, block_tokens, kv_heads, head_dim].
///
/// Memory is reserved at once and taken from the system as blocks are first written.
class KvCache {
 public:
  /// Requires: block_tokens > 0, block_count > 0; their bytes fit into memory (see bytes()).
  KvCache(const ModelConfig& config, std::int32_t block_tokens, std::int32_t block_count);

  [[nodiscard]] static std::uint64_t bytes(const ModelConfig& config, std::int32_t block_tokens,
                                           std::int32_t block_count);

  /// Copies a block's keys and values of all layers. Requires: `from` has the same model and
  /// block_tokens; both blocks in range.
  void copy_block(std::int32_t to_block, const KvCache& from, std::int32_t from_block);

  [[nodiscard]] bool allocated() const { return data_ != nullptr; }
  [[nodiscard]] std::int32_t block_tokens() const { return block_tokens_; }
  [[nodiscard]] std::int32_t block_count() const { return block_count_; }
  [[nodiscard]] std::int64_t token_stride() const { return token_stride_; }  ///< Elements.
  [[nodiscard]] std::int64_t block_stride() const { return block_tokens_ * token_stride_; }

  /// All blocks of a layer's keys (values): [blocks, block_tokens, kv_heads, head_dim].
  [[nodiscard]] float* keys(std::int32_t layer) const { return plane(2 * std::int64_t{layer}); }
  [[nodiscard]] float* values(std::int32_t layer) const {
    return plane(2 * std::int64_t{layer} + 1);
  }

 private:
  [[nodiscard]] float* plane(std::int64_t index) const {
    return data_.get() + index * block_count_ * block_stride();
  }

  struct Free {
    void operator()(float* data) const { std::free(data); }
  };

  std::int32_t layers_;
  std::int32_t block_tokens_;
  std::int32_t block_count_;
  std::int64_t token_stride_;
  std::unique_ptr<float[], Free> data_;
};

}  // namespace ringmaster::engine
