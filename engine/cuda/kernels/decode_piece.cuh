#pragma once

#include <cstdint>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kv_layout.h"

namespace ringmaster::engine::cuda {

/// What both kernels of decode attention read and write.
struct DecodeAttentionArgs {
  const Bf16* query;  ///< Row per sequence, `query_stride` elements apart: [heads, head_dim].
  std::int64_t query_stride;
  const Bf16* keys;  ///< The layer's plane of the cache.
  const Bf16* values;
  KvLayout kv;
  const std::int32_t* contexts;      ///< [sequences]; 0: padding.
  const std::int32_t* table_starts;  ///< [sequences]
  const std::int32_t* blocks;
  const std::int32_t* chunk_starts;  ///< [sequences + 1]
  std::int32_t sequences;
  std::int32_t heads;
  float scale;      ///< Of the scores, times log2(e).
  Bf16* out;        ///< [sequences, heads, head_dim]
  float* partials;  ///< [pieces, heads, head_dim]; not yet divided by the total.
  float* stats;     ///< [pieces, heads, 2]: highest score in base 2, total.
};

/// A run of one sequence's keys for up to kTileHeads query heads of one KV head.
struct DecodePiece {
  std::int32_t item;
  std::int32_t sequence;
  std::int32_t begin;  ///< Keys.
  std::int32_t end;
  bool is_whole;  ///< The only piece of its sequence.
  std::int32_t kv_head;
  std::int32_t first_head;  ///< Of the model.
  std::int32_t head_count;  ///< At most kTileHeads.

  /// Piece `item` of all that args.chunk_starts counts, for tile `head_tile` of all KV heads'.
  static RINGMASTER_KERNEL DecodePiece find(const DecodeAttentionArgs& args, std::int32_t item,
                                            std::int32_t head_tile) {
    const std::int32_t group = args.heads / args.kv.kv_heads;
    const std::int32_t tiles = ceil_div(group, kTileHeads);
    const std::int32_t tile = head_tile % tiles;
    DecodePiece piece;
    piece.item = item;
    piece.sequence = find_segment(args.chunk_starts, args.sequences, item);
    const std::int32_t context = args.contexts[piece.sequence];
    const std::int32_t size = chunk_tokens(context);
    piece.begin = (item - args.chunk_starts[piece.sequence]) * size;
    piece.end = piece.begin + size < context ? piece.begin + size : context;
    piece.is_whole = context <= size;
    piece.kv_head = head_tile / tiles;
    piece.first_head = piece.kv_head * group + tile * kTileHeads;
    const std::int32_t rest = group - tile * kTileHeads;
    piece.head_count = rest < kTileHeads ? rest : kTileHeads;
    return piece;
  }
};

}  // namespace ringmaster::engine::cuda
