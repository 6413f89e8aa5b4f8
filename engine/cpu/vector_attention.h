#pragma once

#include <cstdint>

#include "engine/cpu/kernels.h"
#include "engine/cpu/vector_math.h"

// Attention over a vector type; see vector_math.h for what holds in this file.

namespace ringmaster::engine {

/// One chunk of keys: their scaled scores, zero beyond `count`; returns the highest.
template <class V>
float chunk_scores(const AttentionHead& head, const std::int64_t* offsets, std::int32_t count,
                   float* scores) {
  float highest = 0.0F;
  for (std::int32_t j = 0; j < count; j += kTileOutputs) {
    const float* rows[kTileOutputs];
    for (int r = 0; r < kTileOutputs; ++r)
      rows[r] = head.keys + offsets[j + r < count ? j + r : count - 1];
    float sums[1][kTileOutputs];
    tile<V, 1>(head.query, 0, rows, head.head_dim, sums);
    for (int r = 0; r < kTileOutputs && j + r < count; ++r) {
      scores[j + r] = sums[0][r] * head.scale;
      if (j + r == 0 || scores[j + r] > highest) highest = scores[j + r];
    }
  }
  return highest;
}

/// Replaces scores by exp(score - highest), zero beyond `count`; returns their sum.
template <class V>
float chunk_weights(float* scores, std::int32_t count, float highest) {
  typename V::Vec sums[kTileOutputs] = {V::fill(0.0F), V::fill(0.0F), V::fill(0.0F), V::fill(0.0F)};
  for (std::int32_t j = 0; j < count; j += V::kLanes) {
    const auto weights = vector_exp<V>(V::sub(V::load(scores + j), V::fill(highest)));
    V::store(scores + j, weights);
    const std::int32_t surplus = j + V::kLanes - count;
    for (std::int32_t k = 0; k < surplus; ++k) scores[count + k] = 0.0F;
    sums[0] = V::add(sums[0], V::load(scores + j));
  }
  float sum[kTileOutputs];
  V::reduce4(sums, sum);
  return sum[0];
}

/// Where the tokens [start, start + count) of a sequence begin in the cache.
inline void chunk_offsets(const AttentionHead& head, std::int32_t start, std::int32_t count,
                          std::int64_t* offsets) {
  std::int32_t block = start / head.block_tokens;
  std::int32_t token = start % head.block_tokens;
  for (std::int32_t j = 0; j < count; ++j) {
    offsets[j] = head.blocks[block] * head.block_stride + token * head.token_stride;
    if (++token == head.block_tokens) {
      token = 0;
      ++block;
    }
  }
}

/// out = out * keep + sum of weights[j] * value row j. Four sums, of the j with the same remainder,
/// so that additions need not wait for each other.
template <class V>
void add_values(const AttentionHead& head, const std::int64_t* offsets, std::int32_t count,
                const float* weights, float keep) {
  for (std::int32_t d = 0; d < head.head_dim; d += V::kLanes) {
    const std::int32_t lanes = head.head_dim - d < V::kLanes ? head.head_dim - d : V::kLanes;
    typename V::Vec sums[4] = {V::fill(0.0F), V::fill(0.0F), V::fill(0.0F), V::fill(0.0F)};
    for (std::int32_t j = 0; j < count; j += 4) {
      for (std::int32_t k = 0; k < 4 && j + k < count; ++k) {
        const auto row = V::load_part(head.values + offsets[j + k] + d, lanes);
        sums[k] = V::fma(V::fill(weights[j + k]), row, sums[k]);
      }
    }
    const auto sum = V::add(V::add(sums[0], sums[1]), V::add(sums[2], sums[3]));
    const auto kept = V::mul(V::load_part(head.out + d, lanes), V::fill(keep));
    V::store_part(head.out + d, V::add(kept, sum), lanes);
  }
}

/// Online softmax (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018).
template <class V>
void attend(const AttentionHead& head) {
  alignas(64) float weights[kAttentionChunkTokens];
  std::int64_t offsets[kAttentionChunkTokens];
  for (std::int32_t d = 0; d < head.head_dim; ++d) head.out[d] = 0.0F;
  float highest = 0.0F;
  float total = 0.0F;
  for (std::int32_t start = 0; start < head.context; start += kAttentionChunkTokens) {
    const std::int32_t rest = head.context - start;
    const std::int32_t count = rest < kAttentionChunkTokens ? rest : kAttentionChunkTokens;
    chunk_offsets(head, start, count, offsets);
    for (float& weight : weights) weight = 0.0F;
    const float chunk_highest = chunk_scores<V>(head, offsets, count, weights);
    float keep = 0.0F;
    if (start > 0) {
      const float above = chunk_highest > highest ? chunk_highest : highest;
      keep = V::first(vector_exp<V>(V::fill(highest - above)));
      highest = above;
    } else {
      highest = chunk_highest;
    }
    total = total * keep + chunk_weights<V>(weights, count, highest);
    add_values<V>(head, offsets, count, weights, keep);
  }
  for (std::int32_t d = 0; d < head.head_dim; ++d) head.out[d] /= total;
}

}  // namespace ringmaster::engine
