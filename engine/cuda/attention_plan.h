#pragma once

#include <cstdint>

// How attention over the paged cache is cut into pieces; shared by the host, which counts them, and
// the kernels, which find their own.

namespace ringmaster::engine::cuda {

/// Keys of a piece of decode attention when the context is short.
inline constexpr std::int32_t kChunkTokensMin = 256;
/// Pieces of one sequence at most; longer contexts get longer pieces.
inline constexpr std::int32_t kChunksMax = 32;
/// Query heads of one KV head that a tensor-core tile holds.
inline constexpr std::int32_t kTileHeads = 16;
/// Keys that one warp of decode attention takes at a time.
inline constexpr std::int32_t kDecodeTileKeys = 16;
/// Keys that a block of prefill attention takes at a time.
inline constexpr std::int32_t kPrefillTileKeys = 64;

[[nodiscard]] constexpr std::int32_t ceil_div(std::int32_t value, std::int32_t by) {
  return (value + by - 1) / by;
}

/// Keys of a piece: a function of the sequence's own context only, so that the order of additions,
/// and with it every bit of the result, does not depend on the batch.
/// Requires: 0 <= context < 2^30.
[[nodiscard]] constexpr std::int32_t chunk_tokens(std::int32_t context) {
  std::int32_t tokens = kChunkTokensMin;
  while (context > tokens * kChunksMax) tokens *= 2;
  return tokens;
}

[[nodiscard]] constexpr std::int32_t chunk_count(std::int32_t context) {
  // Divided by a constant where it can be.
  return context <= kChunkTokensMin * kChunksMax ? ceil_div(context, kChunkTokensMin)
                                                 : ceil_div(context, chunk_tokens(context));
}

/// The segment that `item` lies in, given where each of `count` segments starts and, after them,
/// the total: the s with starts[s] <= item < starts[s + 1]; empty segments are never found.
/// Requires: starts[0] <= item < starts[count]. O(log count).
[[nodiscard]] constexpr std::int32_t find_segment(const std::int32_t* starts, std::int32_t count,
                                                  std::int32_t item) {
  std::int32_t low = 0;
  std::int32_t high = count;
  while (high - low > 1) {
    const std::int32_t middle = low + (high - low) / 2;
    (starts[middle] <= item ? low : high) = middle;
  }
  return low;
}

/// Tiles of `tile_rows` rows that the queries of a prefill chunk need; a row is one query head of
/// one token, heads of a group side by side.
[[nodiscard]] constexpr std::int32_t prefill_tiles(std::int32_t query_tokens, std::int32_t group,
                                                   std::int32_t tile_rows) {
  return ceil_div(query_tokens * group, tile_rows);
}

/// Where a row of a prefill tile comes from.
struct PrefillRow {
  std::int32_t token = 0;  ///< Of the sequence's queries; the last one for rows past the end.
  std::int32_t head = 0;   ///< Within the group.
  bool is_valid = false;
};

[[nodiscard]] constexpr PrefillRow prefill_row(std::int32_t row, std::int32_t group,
                                               std::int32_t query_tokens) {
  if (row >= query_tokens * group) return {.token = query_tokens - 1, .head = 0, .is_valid = false};
  return {.token = row / group, .head = row % group, .is_valid = true};
}

}  // namespace ringmaster::engine::cuda
