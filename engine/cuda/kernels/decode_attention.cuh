#pragma once

#include <cstdint>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/tile_math.cuh"
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

/// One query token per sequence against its paged cache, in pieces of a fixed number of keys. The
/// query heads of a KV head share a tensor-core tile, so its keys are read once. Each warp takes
/// every fourth tile of 16 keys through its own ring of asynchronous copies; the four are merged in
/// warp order. Grid: x blocks take pieces in turn, y is (KV head, tile of kTileHeads query heads).
template <int kDim>
struct DecodeAttention {
  using Args = DecodeAttentionArgs;
  static constexpr int kThreads = 128;
  static constexpr int kWarps = kThreads / 32;
  static constexpr int kStages = 3;
  static constexpr int kChunks = kDim / 8;  // Of 16 bytes, in a row.
  static constexpr int kTileChunks = kDecodeTileKeys * kChunks;

  static constexpr std::int32_t shared_bytes() {
    constexpr std::int32_t kRings = kWarps * kStages * 2 * kTileChunks * 16;
    constexpr std::int32_t kMerge = kWarps * kTileHeads * (kDim + 2) * 4;
    return kRings > kMerge ? kRings : kMerge;
  }

  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const Args& args) {
    const std::int32_t items = args.chunk_starts[args.sequences];
    for (std::int32_t item = lane.block_x(); item < items; item += lane.grid_x()) {
      const Piece piece = find_piece(lane, args, item);
      SoftmaxRows<kDim / 8> rows[1];
      attend(lane, args, piece, rows);
      lane.sync();  // All rings are read before they become the place to merge in.
      merge(lane, args, piece, rows[0]);
      lane.sync();
    }
  }

 private:
  struct Piece {
    std::int32_t item;
    std::int32_t sequence;
    std::int32_t begin;  // Keys.
    std::int32_t end;
    bool is_whole;  // The only piece of its sequence.
    std::int32_t kv_head;
    std::int32_t first_head;  // Of the model.
    std::int32_t head_count;  // At most kTileHeads.
  };

  template <class Lane>
  static RINGMASTER_KERNEL Piece find_piece(Lane& lane, const Args& args, std::int32_t item) {
    const std::int32_t group = args.heads / args.kv.kv_heads;
    const std::int32_t tiles = ceil_div(group, kTileHeads);
    const std::int32_t tile = lane.block_y() % tiles;
    Piece piece;
    piece.item = item;
    piece.sequence = find_segment(args.chunk_starts, args.sequences, item);
    const std::int32_t context = args.contexts[piece.sequence];
    const std::int32_t size = chunk_tokens(context);
    piece.begin = (item - args.chunk_starts[piece.sequence]) * size;
    piece.end = piece.begin + size < context ? piece.begin + size : context;
    piece.is_whole = context <= size;
    piece.kv_head = lane.block_y() / tiles;
    piece.first_head = piece.kv_head * group + tile * kTileHeads;
    const std::int32_t rest = group - tile * kTileHeads;
    piece.head_count = rest < kTileHeads ? rest : kTileHeads;
    return piece;
  }

  template <class Lane>
  static RINGMASTER_KERNEL void attend(Lane& lane, const Args& args, const Piece& piece,
                                       SoftmaxRows<kDim / 8> (&rows)[1]) {
    const int warp = lane.thread() / 32;
    const std::int64_t plane = args.kv.row(0, piece.kv_head, 0);
    const std::int32_t* table = args.blocks + args.table_starts[piece.sequence];
    const PagedRows keys{args.keys + plane, table, args.kv.block_stride(), args.kv.block_tokens,
                         kDim};
    const PagedRows values{args.values + plane, table, args.kv.block_stride(), args.kv.block_tokens,
                           kDim};
    std::uint32_t query[kDim / 16][4];
    load_query(lane, args, piece, query);

    auto* ring = reinterpret_cast<Bf16x8*>(lane.shared()) + warp * kStages * 2 * kTileChunks;
    const std::int32_t tiles =
        ceil_div(ceil_div(piece.end - piece.begin, kDecodeTileKeys) - warp, kWarps);
    const auto fetch = [&](std::int32_t tile) {
      if (tile < tiles) {
        Bf16x8* stage = ring + tile % kStages * 2 * kTileChunks;
        const std::int32_t first = piece.begin + (tile * kWarps + warp) * kDecodeTileKeys;
        copy_tile(lane, keys, first, piece.end, stage);
        copy_tile(lane, values, first, piece.end, stage + kTileChunks);
      }
      lane.commit_copies();  // An empty group too, so that the count of groups stays in step.
    };
    for (int tile = 0; tile < kStages - 1; ++tile) fetch(tile);
    for (std::int32_t tile = 0; tile < tiles; ++tile) {
      lane.template wait_copies<kStages - 2>();
      lane.sync_warp();  // The whole tile is here, and the one before it has been read by all.
      fetch(tile + kStages - 1);
      const Bf16x8* stage = ring + tile % kStages * 2 * kTileChunks;
      const std::int32_t first = piece.begin + (tile * kWarps + warp) * kDecodeTileKeys;
      float scores[1][2][4] = {};
      add_scores<kDim>(
          lane, stage, 0,
          [&](int /*row_tile*/, int k, std::uint32_t(&a)[4]) {
            RINGMASTER_UNROLL
            for (int i = 0; i < 4; ++i) a[i] = query[k][i];
          },
          scores, 0);
      RINGMASTER_UNROLL
      for (int t = 0; t < 2; ++t) {
        RINGMASTER_UNROLL
        for (int c = 0; c < 4; ++c) {
          const std::int32_t key = first + t * 8 + lane.thread() % 4 * 2 + c % 2;
          scores[0][t][c] = key < piece.end ? scores[0][t][c] * args.scale : kNoScore;
        }
      }
      rows[0].weigh(lane, scores[0]);
      add_values<kDim>(lane, stage + kTileChunks, 0, scores, 0, rows);
    }
    lane.template wait_copies<0>();
    rows[0].finish_totals(lane);
  }

  /// A fragments of the query heads; rows past head_count are zero.
  template <class Lane>
  static RINGMASTER_KERNEL void load_query(Lane& lane, const Args& args, const Piece& piece,
                                           std::uint32_t (&query)[kDim / 16][4]) {
    const int lane_index = lane.thread() % 32;
    const Bf16* base = args.query + piece.sequence * args.query_stride +
                       std::int64_t{piece.first_head} * kDim + lane_index % 4 * 2;
    RINGMASTER_UNROLL
    for (int k = 0; k < kDim / 16; ++k) {
      RINGMASTER_UNROLL
      for (int i = 0; i < 4; ++i) {
        const int row = lane_index / 4 + i % 2 * 8;
        const Bf16* from = base + row * kDim + k * 16 + i / 2 * 8;
        query[k][i] =
            row < piece.head_count ? from[0].bits | std::uint32_t{from[1].bits} << 16U : 0U;
      }
    }
  }

  /// Starts the copies of 16 rows from `first` on; rows from `end` on become zero.
  template <class Lane>
  static RINGMASTER_KERNEL void copy_tile(Lane& lane, const PagedRows& rows, std::int32_t first,
                                          std::int32_t end, Bf16x8* tile) {
    for (int i = lane.thread() % 32; i < kTileChunks; i += 32) {
      const int row = i / kChunks;
      const int chunk = i % kChunks;
      const bool is_valid = first + row < end;
      const Bf16* from = rows.row(is_valid ? first + row : first);
      lane.copy_async(tile + swizzled<kChunks>(row, chunk), from + chunk * 8, is_valid);
    }
  }

  template <class Lane>
  static RINGMASTER_KERNEL void merge(Lane& lane, const Args& args, const Piece& piece,
                                      const SoftmaxRows<kDim / 8>& rows) {
    auto* outs = reinterpret_cast<float*>(lane.shared());  // [warps, kTileHeads, kDim]
    float* stats = outs + kWarps * kTileHeads * kDim;      // [warps, kTileHeads, 2]
    const int lane_index = lane.thread() % 32;
    const int warp = lane.thread() / 32;
    RINGMASTER_UNROLL
    for (int half = 0; half < 2; ++half) {
      const int row = warp * kTileHeads + lane_index / 4 + half * 8;
      RINGMASTER_UNROLL
      for (int t = 0; t < kDim / 8; ++t) {
        float* to = outs + row * kDim + t * 8 + lane_index % 4 * 2;
        to[0] = rows.out[t][2 * half];
        to[1] = rows.out[t][2 * half + 1];
      }
      if (lane_index % 4 == 0) {
        stats[row * 2] = rows.highest[half];
        stats[row * 2 + 1] = rows.total[half];
      }
    }
    lane.sync();
    for (std::int32_t i = lane.thread(); i < piece.head_count * kDim; i += kThreads) {
      const std::int32_t row = i / kDim;
      float highest = stats[row * 2];
      for (int w = 1; w < kWarps; ++w) highest = fmaxf(highest, stats[(w * kTileHeads + row) * 2]);
      float value = 0.0F;
      float total = 0.0F;
      for (int w = 0; w < kWarps; ++w) {
        const float* stat = stats + (w * kTileHeads + row) * 2;
        const float keep = exp2f(stat[0] - highest);
        value += outs[(w * kTileHeads + row) * kDim + i % kDim] * keep;
        total += stat[1] * keep;
      }
      store(args, piece, row, i % kDim, value, highest, total);
    }
  }

  static RINGMASTER_KERNEL void store(const Args& args, const Piece& piece, std::int32_t row,
                                      std::int32_t d, float value, float highest, float total) {
    const std::int64_t head = piece.first_head + row;
    if (piece.is_whole) {
      args.out[(std::int64_t{piece.sequence} * args.heads + head) * kDim + d] =
          to_bf16(value / total);
      return;
    }
    const std::int64_t index = std::int64_t{piece.item} * args.heads + head;
    args.partials[index * kDim + d] = value;
    if (d != 0) return;
    args.stats[index * 2] = highest;
    args.stats[index * 2 + 1] = total;
  }
};

/// Merges the pieces of each sequence, in their order; zeroes the rows of padding.
/// Grid: x is the sequence, y the head.
struct MergePieces {
  using Args = DecodeAttentionArgs;
  static constexpr int kThreads = 128;

  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const Args& args) {
    const std::int32_t sequence = lane.block_x();
    const std::int32_t head = lane.block_y();
    const std::int32_t dim = args.kv.head_dim;
    const std::int32_t begin = args.chunk_starts[sequence];
    const std::int32_t end = args.chunk_starts[sequence + 1];
    if (end - begin == 1) return;
    Bf16* out = args.out + (std::int64_t{sequence} * args.heads + head) * dim;
    float highest = kNoScore;
    for (std::int32_t i = begin; i < end; ++i) {
      highest = fmaxf(highest, args.stats[(std::int64_t{i} * args.heads + head) * 2]);
    }
    for (std::int32_t d = lane.thread(); d < dim; d += kThreads) {
      float value = 0.0F;
      float total = 0.0F;
      for (std::int32_t i = begin; i < end; ++i) {
        const std::int64_t index = std::int64_t{i} * args.heads + head;
        const float keep = exp2f(args.stats[index * 2] - highest);
        value += args.partials[index * dim + d] * keep;
        total += args.stats[index * 2 + 1] * keep;
      }
      out[d] = to_bf16(begin == end ? 0.0F : value / total);
    }
  }

  static constexpr std::int32_t shared_bytes() { return 0; }
};

}  // namespace ringmaster::engine::cuda
