#include "engine/cpu/kv_cache.h"

#include <algorithm>

#include "base/check.h"

namespace ringmaster::engine {

KvCache::KvCache(const ModelConfig& config, std::int32_t block_tokens, std::int32_t block_count)
    : layers_(config.layers),
      block_tokens_(block_tokens),
      block_count_(block_count),
      token_stride_(config.kv_width()) {
  RINGMASTER_CHECK(block_tokens > 0 && block_count > 0);
  // calloc: large ranges come as untouched zero pages, so an idle cache costs no memory.
  data_.reset(static_cast<float*>(std::calloc(bytes(config, block_tokens, block_count), 1)));
}

std::uint64_t KvCache::bytes(const ModelConfig& config, std::int32_t block_tokens,
                             std::int32_t block_count) {
  return static_cast<std::uint64_t>(config.kv_elements_per_token()) * sizeof(float) *
         static_cast<std::uint64_t>(block_tokens) * static_cast<std::uint64_t>(block_count);
}

void KvCache::copy_block(std::int32_t to_block, const KvCache& from, std::int32_t from_block) {
  for (std::int64_t i = 0; i < 2 * std::int64_t{layers_}; ++i) {
    std::copy_n(from.plane(i) + from_block * block_stride(), block_stride(),
                plane(i) + to_block * block_stride());
  }
}

}  // namespace ringmaster::engine
