#pragma once

#include <cstdint>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/kernels/bf16.h"
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
  std::int32_t common;  ///< That every row sees: its scores of them need no mask.

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
    tile.keys = tile.limit(tile_rows - 1);
    tile.common = tile.limit(0);
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

}  // namespace ringmaster::engine::cuda
