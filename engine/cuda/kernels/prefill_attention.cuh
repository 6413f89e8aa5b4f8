#pragma once

#include <cstdint>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/kernels/bf16.h"
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

/// The queries of prefill chunks against their paged cache: causal, offset by what was computed
/// before. A row of a tile is one query head of one token, the heads of a KV head side by side, so
/// that short chunks fill tiles too. Four warps with 16 * kRowTiles rows each share the tiles of
/// keys, two of which are in flight. Grid: x is the tile, later ones (with more keys) first; y is
/// the KV head.
template <int kDim, int kRowTiles>
struct PrefillAttention {
  using Args = PrefillAttentionArgs;
  static constexpr int kThreads = 128;
  static constexpr int kWarps = kThreads / 32;
  static constexpr int kWarpRows = 16 * kRowTiles;
  static constexpr int kRows = kWarps * kWarpRows;
  static constexpr int kChunks = kDim / 8;
  static constexpr int kTileChunks = kPrefillTileKeys * kChunks;
  static constexpr int kStepKeys = 32;  // Scored together; more would not fit the registers.

  static constexpr std::int32_t shared_bytes() {
    return (kRows * kChunks + 2 * 2 * kTileChunks) * 16;
  }

  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const Args& args) {
    const Tile tile = find_tile(lane, args);
    auto* queries = reinterpret_cast<Bf16x8*>(lane.shared());
    Bf16x8* ring = queries + kRows * kChunks;
    copy_queries(lane, args, tile, queries);
    copy_keys(lane, args, tile, 0, ring);
    lane.commit_copies();

    SoftmaxRows<kDim / 8> rows[kRowTiles];
    const std::int32_t key_tiles = ceil_div(tile.keys, kPrefillTileKeys);
    for (std::int32_t j = 0; j < key_tiles; ++j) {
      if (j + 1 < key_tiles) {
        copy_keys(lane, args, tile, j + 1, ring + (j + 1) % 2 * 2 * kTileChunks);
        lane.commit_copies();
        lane.template wait_copies<1>();
      } else {
        lane.template wait_copies<0>();
      }
      lane.sync();
      const Bf16x8* stage = ring + j % 2 * 2 * kTileChunks;
      RINGMASTER_UNROLL
      for (int key = 0; key < kPrefillTileKeys; key += kStepKeys) {
        attend(lane, args, tile, queries, stage, j * kPrefillTileKeys, key, rows);
      }
      lane.sync();  // Before the next copies overwrite what was read here.
    }
    store(lane, args, tile, rows);
  }

 private:
  struct Tile {
    std::int32_t sequence;
    std::int32_t kv_head;
    std::int32_t group;
    std::int32_t first_row;
    std::int32_t query_tokens;
    std::int32_t before;  // Tokens of the sequence before its first query.
    std::int32_t keys;    // That any row of the tile sees.
  };

  template <class Lane>
  static RINGMASTER_KERNEL Tile find_tile(Lane& lane, const Args& args) {
    const std::int32_t item = args.tile_starts[args.sequences] - 1 - lane.block_x();
    Tile tile;
    tile.sequence = find_segment(args.tile_starts, args.sequences, item);
    tile.kv_head = lane.block_y();
    tile.group = args.heads / args.kv.kv_heads;
    tile.first_row = (item - args.tile_starts[tile.sequence]) * kRows;
    tile.query_tokens = args.query_tokens[tile.sequence];
    tile.before = args.contexts[tile.sequence] - tile.query_tokens;
    const PrefillRow last = prefill_row(tile.first_row + kRows - 1, tile.group, tile.query_tokens);
    tile.keys = tile.before + last.token + 1;
    return tile;
  }

  static RINGMASTER_KERNEL std::int64_t query_token(const Args& args, const Tile& tile,
                                                    const PrefillRow& row) {
    return std::int64_t{args.query_starts[tile.sequence]} + row.token;
  }

  template <class Lane>
  static RINGMASTER_KERNEL void copy_queries(Lane& lane, const Args& args, const Tile& tile,
                                             Bf16x8* queries) {
    for (int i = lane.thread(); i < kRows * kChunks; i += kThreads) {
      const PrefillRow row =
          prefill_row(tile.first_row + i / kChunks, tile.group, tile.query_tokens);
      const Bf16* from = args.query + query_token(args, tile, row) * args.query_stride +
                         std::int64_t{tile.kv_head * tile.group + row.head} * kDim;
      lane.copy_async(queries + swizzled<kChunks>(i / kChunks, i % kChunks), from + i % kChunks * 8,
                      row.is_valid);
    }
  }

  template <class Lane>
  static RINGMASTER_KERNEL void copy_keys(Lane& lane, const Args& args, const Tile& tile,
                                          std::int32_t index, Bf16x8* stage) {
    const std::int64_t plane = args.kv.row(0, tile.kv_head, 0);
    const std::int32_t* table = args.blocks + args.table_starts[tile.sequence];
    const PagedRows keys{args.keys + plane, table, args.kv.block_stride(), args.kv.block_tokens,
                         kDim};
    const std::int64_t to_values = args.values - args.keys;
    for (int i = lane.thread(); i < kTileChunks; i += kThreads) {
      const int row = i / kChunks;
      const int chunk = i % kChunks;
      const std::int32_t key = index * kPrefillTileKeys + row;
      const bool is_valid = key < tile.keys;
      const Bf16* from = keys.row(is_valid ? key : 0) + chunk * 8;
      const int to = swizzled<kChunks>(row, chunk);
      lane.copy_async(stage + to, from, is_valid);
      lane.copy_async(stage + kTileChunks + to, from + to_values, is_valid);
    }
  }

  /// Keys that this lane's row `half` of row tile `r` sees.
  template <class Lane>
  static RINGMASTER_KERNEL std::int32_t limit(Lane& lane, const Tile& tile, int r, int half) {
    const std::int32_t row =
        lane.thread() / 32 * kWarpRows + r * 16 + half * 8 + lane.thread() % 32 / 4;
    return tile.before + prefill_row(tile.first_row + row, tile.group, tile.query_tokens).token + 1;
  }

  /// Scores keys [key, key + kStepKeys) of the tile that begins with key `first` and adds values.
  template <class Lane>
  static RINGMASTER_KERNEL void attend(Lane& lane, const Args& args, const Tile& tile,
                                       const Bf16x8* queries, const Bf16x8* stage,
                                       std::int32_t first, int key,
                                       SoftmaxRows<kDim / 8> (&rows)[kRowTiles]) {
    const int lane_index = lane.thread() % 32;
    const int query_row = lane.thread() / 32 * kWarpRows + lane_index % 16;
    float scores[kRowTiles][kStepKeys / 8][4] = {};
    RINGMASTER_UNROLL
    for (int t = 0; t < kStepKeys / 16; ++t) {
      add_scores<kDim>(
          lane, stage, key + t * 16,
          [&](int r, int k, std::uint32_t(&a)[4]) {
            const int row = query_row + r * 16;
            lane.load_matrix(a, queries + swizzled<kChunks>(row, k * 2 + lane_index / 16));
          },
          scores, t);
    }
    RINGMASTER_UNROLL
    for (int r = 0; r < kRowTiles; ++r) {
      mask(lane, tile, r, first + key, args.scale, scores[r]);
      rows[r].weigh(lane, scores[r]);
    }
    RINGMASTER_UNROLL
    for (int t = 0; t < kStepKeys / 16; ++t) {
      add_values<kDim>(lane, stage + kTileChunks, key + t * 16, scores, t, rows);
    }
  }

  /// Scales the scores of keys from `first` on; those a row does not see become none.
  template <class Lane>
  static RINGMASTER_KERNEL void mask(Lane& lane, const Tile& tile, int r, std::int32_t first,
                                     float scale, float (&scores)[kStepKeys / 8][4]) {
    RINGMASTER_UNROLL
    for (int half = 0; half < 2; ++half) {
      const std::int32_t seen = limit(lane, tile, r, half) - first - lane.thread() % 4 * 2;
      RINGMASTER_UNROLL
      for (int t = 0; t < kStepKeys / 8; ++t) {
        RINGMASTER_UNROLL
        for (int c = 0; c < 2; ++c) {
          float& score = scores[t][2 * half + c];
          score = t * 8 + c < seen ? score * scale : kNoScore;
        }
      }
    }
  }

  template <class Lane>
  static RINGMASTER_KERNEL void store(Lane& lane, const Args& args, const Tile& tile,
                                      SoftmaxRows<kDim / 8> (&rows)[kRowTiles]) {
    const int lane_index = lane.thread() % 32;
    RINGMASTER_UNROLL
    for (int r = 0; r < kRowTiles; ++r) {
      rows[r].finish_totals(lane);
      RINGMASTER_UNROLL
      for (int half = 0; half < 2; ++half) {
        const std::int32_t index =
            lane.thread() / 32 * kWarpRows + r * 16 + half * 8 + lane_index / 4;
        const PrefillRow row = prefill_row(tile.first_row + index, tile.group, tile.query_tokens);
        if (!row.is_valid) continue;
        const std::int64_t head = tile.kv_head * tile.group + row.head;
        auto* to = reinterpret_cast<std::uint32_t*>(
            args.out + (query_token(args, tile, row) * args.heads + head) * kDim +
            lane_index % 4 * 2);
        const float by = 1.0F / rows[r].total[half];
        RINGMASTER_UNROLL
        for (int t = 0; t < kDim / 8; ++t) {
          to[t * 4] = packed(rows[r].out[t][2 * half] * by, rows[r].out[t][2 * half + 1] * by);
        }
      }
    }
  }
};

}  // namespace ringmaster::engine::cuda
