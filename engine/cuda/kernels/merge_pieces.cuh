#pragma once

#include <cstdint>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/decode_piece.cuh"
#include "engine/cuda/kernels/reduce.cuh"
#include "engine/cuda/kernels/softmax_rows.cuh"

namespace ringmaster::engine::cuda {

/// Merges what the kWarps warps of a block have of one piece, in the order of the warps, and stores
/// it: as the result if the piece is its sequence's only one, else as a partial one for
/// MergePieces.
template <int kDim, int kWarps>
struct MergeWarps {
  /// Of the shared memory that run() takes, from its beginning on.
  static constexpr std::int32_t shared_bytes() { return kWarps * kTileHeads * (kDim + 2) * 4; }

  /// Every thread brings its rows, with their totals finished.
  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const DecodeAttentionArgs& args,
                                    const DecodePiece& piece, const SoftmaxRows<kDim / 8>& rows) {
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
    for (std::int32_t i = lane.thread(); i < piece.head_count * kDim; i += kWarps * 32) {
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

 private:
  static RINGMASTER_KERNEL void store(const DecodeAttentionArgs& args, const DecodePiece& piece,
                                      std::int32_t row, std::int32_t d, float value, float highest,
                                      float total) {
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

/// Merges the pieces of each sequence, in a fixed order; zeroes the rows of padding. Each lane of a
/// warp reads how one piece ended, and each thread one element of all pieces, so that nothing but
/// the two reads follows the other. Grid: x is the sequence, y the head.
/// Requires: head_dim <= kThreads.
struct MergePieces {
  using Args = DecodeAttentionArgs;
  static constexpr int kThreads = 128;
  static_assert(kChunksMax == kWarp);
  static constexpr std::int32_t shared_bytes() { return 0; }

  template <class Lane>
  static RINGMASTER_KERNEL void run(Lane& lane, const Args& args) {
    const std::int32_t sequence = lane.block_x();
    const std::int32_t head = lane.block_y();
    const std::int32_t dim = args.kv.head_dim;
    const std::int32_t begin = args.chunk_starts[sequence];
    const std::int32_t count = args.chunk_starts[sequence + 1] - begin;
    if (count == 1) return;
    const std::int64_t first = std::int64_t{begin} * args.heads + head;  // The next one: + heads.
    const bool is_piece = lane.thread() % kWarp < count;
    const float* stat = args.stats + (first + lane.thread() % kWarp * args.heads) * 2;
    const float own_highest = is_piece ? stat[0] : kNoScore;
    const float own_total = is_piece ? stat[1] : 0.0F;
    const float highest = warp_reduce(lane, own_highest, Higher{});
    const float keep = is_piece ? exp2f(own_highest - highest) : 0.0F;
    const float total = warp_reduce(lane, own_total * keep, Add{});
    const std::int32_t d = lane.thread();
    const float* partial = args.partials + first * dim + d;
    const std::int64_t to_next = std::int64_t{args.heads} * dim;
    float values[kChunksMax];
    RINGMASTER_UNROLL
    for (int i = 0; i < kChunksMax; ++i) {
      values[i] = i < count && d < dim ? partial[i * to_next] : 0.0F;
    }
    float value = 0.0F;
    RINGMASTER_UNROLL
    for (int i = 0; i < kChunksMax; ++i) value += values[i] * lane.shuffle(keep, i);
    if (d >= dim) return;
    args.out[(std::int64_t{sequence} * args.heads + head) * dim + d] =
        to_bf16(count == 0 ? 0.0F : value / total);
  }
};

}  // namespace ringmaster::engine::cuda
