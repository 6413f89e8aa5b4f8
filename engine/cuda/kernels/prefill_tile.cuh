#pragma once

#include <cstdint>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/paged_rows.cuh"
#include "engine/cuda/kernels/tile_math.cuh"
#include "engine/cuda/kv_layout.h"

namespace ringmaster::engine::cuda {

struct PrefillAttentionArgs {
  const Bf16* query;  ///< [tokens] rows `query_stride` elements apart: [heads, head_dim].
  std::int64_t query_stride;
  const Bf16* keys;  ///< The layer's plane of the cache; the step's own keys are in it.
  const Bf16* values;
  KvLayout kv;
  const std::int32_t* query_starts;  ///< [sequences], as the next ones; of prefilling sequences.
  const std::int32_t* query_tokens;
  const std::int32_t* contexts;
  const std::int32_t* table_starts;
  const std::int32_t* blocks;
  const std::int32_t* tile_starts;  ///< [sequences + 1]
  std::int32_t sequences;
  std::int32_t heads;
  float scale;  ///< Of the scores, times log2(e).
  Bf16* out;    ///< [tokens, heads, head_dim]
};

/// The query rows that one block of prefill attention answers, and the keys they see. A row is one
/// query head of one token, the heads of a KV head side by side, so that short chunks fill tiles
/// too.
struct PrefillTile {
  std::int32_t sequence;
  std::int32_t kv_head;
  std::int32_t group;
  std::int32_t first_row;
  std::int32_t query_tokens;
  std::int32_t before;  ///< Tokens of the sequence before its first query.
  std::int32_t keys;    ///< That any row of the tile sees.

  /// Tile `item` of tile_rows rows, of all that args.tile_starts counts.
  static RINGMASTER_KERNEL PrefillTile find(const PrefillAttentionArgs& args, std::int32_t item,
                                            std::int32_t kv_head, std::int32_t tile_rows) {
    PrefillTile tile;
    tile.sequence = find_segment(args.tile_starts, args.sequences, item);
    tile.kv_head = kv_head;
    tile.group = args.heads / args.kv.kv_heads;
    tile.first_row = (item - args.tile_starts[tile.sequence]) * tile_rows;
    tile.query_tokens = args.query_tokens[tile.sequence];
    tile.before = args.contexts[tile.sequence] - tile.query_tokens;
    tile.keys = tile.before + tile.row(tile_rows - 1).token + 1;
    return tile;
  }

  [[nodiscard]] RINGMASTER_KERNEL PrefillRow row(std::int32_t index) const {
    return prefill_row(first_row + index, group, query_tokens);
  }

  /// Keys that row `index` sees.
  [[nodiscard]] RINGMASTER_KERNEL std::int32_t limit(std::int32_t index) const {
    return before + row(index).token + 1;
  }

  /// The row's token among the step's and its head among the model's.
  [[nodiscard]] RINGMASTER_KERNEL std::int64_t token(const PrefillAttentionArgs& args,
                                                     const PrefillRow& row) const {
    return std::int64_t{args.query_starts[sequence]} + row.token;
  }
  [[nodiscard]] RINGMASTER_KERNEL std::int64_t head(const PrefillRow& row) const {
    return std::int64_t{kv_head} * group + row.head;
  }
};

/// Asynchronous copies of a tile's queries and keys into swizzled rows of kDim elements in shared
/// memory, by kThreads threads together; what is past the end becomes zero. Rows longer than
/// kPanelChunks chunks lie in several panels of that width, one behind the other.
template <int kDim, int kThreads, KvType kType, int kPanelChunks = 16>
struct PrefillCopies {
  static constexpr int kChunks = kDim / 8;                   ///< Of 16 bytes, in a row of queries.
  static constexpr int kKvChunks = row_chunks<kDim>(kType);  ///< In a row of the cache.
  static constexpr int kKeyChunks = kPrefillTileKeys * kKvChunks;

  template <class Lane>
  static RINGMASTER_KERNEL void copy_queries(Lane& lane, const PrefillAttentionArgs& args,
                                             const PrefillTile& tile, std::int32_t rows,
                                             Bf16x8* queries) {
    for (int i = lane.thread(); i < rows * kChunks; i += kThreads) {
      const PrefillRow row = tile.row(i / kChunks);
      const Bf16* from =
          args.query + tile.token(args, row) * args.query_stride + tile.head(row) * kDim;
      lane.copy_async(queries + place<kChunks>(rows, i / kChunks, i % kChunks),
                      from + i % kChunks * 8, row.is_valid);
    }
  }

  /// Keys [index, index + 1) * kPrefillTileKeys, and after their kKeyChunks chunks the values.
  template <class Lane>
  static RINGMASTER_KERNEL void copy_keys(Lane& lane, const PrefillAttentionArgs& args,
                                          const PrefillTile& tile, std::int32_t index,
                                          Bf16x8* stage) {
    const std::int64_t plane = args.kv.row(0, tile.kv_head, 0);
    const std::int32_t* table = args.blocks + args.table_starts[tile.sequence];
    const PagedRows keys{args.keys + plane, table, args.kv.block_stride(), args.kv.block_tokens,
                         kKvChunks * 8};
    const std::int64_t to_values = args.values - args.keys;
    for (int i = lane.thread(); i < kKeyChunks; i += kThreads) {
      const int row = i / kKvChunks;
      const int chunk = i % kKvChunks;
      const std::int32_t key = index * kPrefillTileKeys + row;
      const bool is_valid = key < tile.keys;
      const Bf16* from = keys.row(is_valid ? key : 0) + chunk * 8;
      const int to = place<kKvChunks>(kPrefillTileKeys, row, chunk);
      lane.copy_async(stage + to, from, is_valid);
      lane.copy_async(stage + kKeyChunks + to, from + to_values, is_valid);
    }
  }

  /// The scale of key thread % kPrefillTileKeys of tile `index`, or, in the threads after those, of
  /// its value; 0 past the end.
  template <class Lane>
  static RINGMASTER_KERNEL float load_scale(Lane& lane, const PrefillAttentionArgs& args,
                                            const PrefillTile& tile, std::int32_t index) {
    const std::int32_t key = index * kPrefillTileKeys + lane.thread() % kPrefillTileKeys;
    if (key >= tile.keys) return 0.0F;
    return scale_of_row(lane.thread() < kPrefillTileKeys ? args.keys : args.values, args.kv,
                        args.blocks + args.table_starts[tile.sequence], tile.kv_head, key);
  }

 private:
  template <int kRowChunks>
  static RINGMASTER_KERNEL int place(int rows, int row, int chunk) {
    constexpr int kWidth = kRowChunks < kPanelChunks ? kRowChunks : kPanelChunks;
    return chunk / kWidth * rows * kWidth + swizzled<kWidth>(row, chunk % kWidth);
  }
};

}  // namespace ringmaster::engine::cuda
