#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/batch_buckets.h"
#include "engine/cuda/buffer_plan.h"
#include "engine/cuda/kv_layout.h"
#include "engine/cuda/step_layout.h"

namespace ringmaster::engine::cuda {
namespace {

TEST(AttentionPlan, CutsAContextIntoFewPiecesThatCoverIt) {
  EXPECT_EQ(chunk_count(0), 0);
  EXPECT_EQ(chunk_count(1), 1);
  EXPECT_EQ(chunk_count(256), 1);
  EXPECT_EQ(chunk_count(257), 2);
  EXPECT_EQ(chunk_tokens(8192), 256);
  EXPECT_EQ(chunk_tokens(8193), 512);
  EXPECT_EQ(chunk_tokens(131'072), 4096);
  for (std::int32_t context = 1; context < 140'000; context += 37) {
    const std::int32_t count = chunk_count(context);
    ASSERT_LE(count, kChunksMax);
    ASSERT_GE(count * chunk_tokens(context), context);
    ASSERT_LT((count - 1) * chunk_tokens(context), context);
  }
}

TEST(AttentionPlan, FindsTheSegmentOfEveryItem) {
  const std::vector<std::int32_t> sizes{0, 3, 0, 0, 1, 40, 0, 2, 0};
  std::vector<std::int32_t> starts{0};
  std::vector<std::int32_t> expected;
  for (std::size_t s = 0; s < sizes.size(); ++s) {
    starts.push_back(starts.back() + sizes[s]);
    expected.insert(expected.end(), static_cast<std::size_t>(sizes[s]),
                    static_cast<std::int32_t>(s));
  }
  for (std::int32_t item = 0; item < starts.back(); ++item) {
    EXPECT_EQ(find_segment(starts.data(), 9, item), expected[static_cast<std::size_t>(item)]);
  }
}

TEST(AttentionPlan, PutsEveryQueryHeadIntoOneRowOfATile) {
  for (const std::int32_t group : {1, 3, 7, 16, 21}) {
    for (const std::int32_t tokens : {1, 2, 9, 64, 65}) {
      const std::int32_t rows = prefill_tiles(tokens, group, 64) * 64;
      std::set<std::pair<std::int32_t, std::int32_t>> seen;
      for (std::int32_t row = 0; row < rows; ++row) {
        const PrefillRow place = prefill_row(row, group, tokens);
        ASSERT_TRUE(place.token >= 0 && place.token < tokens && place.head < group);
        if (!place.is_valid) continue;
        ASSERT_TRUE(seen.emplace(place.token, place.head).second);
      }
      ASSERT_EQ(static_cast<std::int32_t>(seen.size()), tokens * group);
    }
  }
}

TEST(KvLayout, PutsTheScalesOfE4m3BehindTheRowsOfTheirBlock) {
  const KvLayout kv{.layers = 1,
                    .blocks = 3,
                    .kv_heads = 3,
                    .block_tokens = 5,
                    .head_dim = 64,
                    .type = KvType::kE4m3};
  // 3 x 5 rows of 64 bytes, 15 scales of 4 bytes, padded to 16 bytes: 960 + 64.
  EXPECT_EQ(kv.block_stride(), 512);
  EXPECT_EQ(kv.row(1, 0, 0), 512);
  EXPECT_EQ(kv.row(1, 2, 4), 512 + 14 * 32);
  EXPECT_EQ(kv.scale(1, 0, 0), 512 + 480);
  EXPECT_EQ(kv.scale(1, 2, 4), 512 + 480 + 28);
  EXPECT_EQ(kv.units(), 2 * 3 * 512);
}

TEST(KvLayout, GivesEveryRowItsOwnPlace) {
  const KvLayout kv{.layers = 3, .blocks = 4, .kv_heads = 2, .block_tokens = 5, .head_dim = 16};
  std::set<std::int64_t> rows;
  for (std::int32_t layer = 0; layer < 3; ++layer) {
    for (const std::int32_t part : {0, 1}) {
      for (std::int32_t block = 0; block < 4; ++block) {
        for (std::int32_t head = 0; head < 2; ++head) {
          for (std::int32_t slot = 0; slot < 5; ++slot) {
            rows.insert(kv.plane(layer, part) + kv.row(block, head, slot));
          }
        }
      }
    }
  }
  EXPECT_EQ(rows.size(), 3U * 2 * 4 * 2 * 5);
  EXPECT_EQ(*rows.rbegin() + 16, kv.units());
  for (const std::int64_t row : rows) EXPECT_EQ(row % 16, 0);
}

TEST(BatchBuckets, HoldEveryBatchUpToTheLargest) {
  EXPECT_EQ(batch_bucket(1), 1);
  EXPECT_EQ(batch_bucket(5), 8);
  EXPECT_EQ(batch_bucket(129), 160);
  EXPECT_EQ(batch_bucket(256), 256);
  EXPECT_EQ(batch_bucket(257), -1);
  EXPECT_EQ(gemm_bucket(1), 1);
  EXPECT_EQ(gemm_bucket(300), 512);
  EXPECT_EQ(gemm_bucket(10'000), 8192);
}

TEST(StepLayout, KeepsArraysApartAndAligned) {
  const StepCounts counts{
      .tokens = 5, .sequences = 3, .decode_sequences = 2, .rows = 3, .table_entries = 7};
  const StepLayout at = step_layout(counts);
  const std::vector<std::pair<std::int32_t, std::int32_t>> arrays{
      {at.tokens, 5},       {at.positions, 5}, {at.kv_slots, 5},     {at.query_starts, 3},
      {at.query_tokens, 3}, {at.contexts, 3},  {at.table_starts, 3}, {at.chunk_starts, 3},
      {at.tile_starts, 2},  {at.rows, 30},     {at.block_tables, 7}};
  std::int32_t end = 0;
  for (const auto& [start, size] : arrays) {
    EXPECT_GE(start, end);
    EXPECT_EQ(start % 4, 0);
    end = start + size;
  }
  EXPECT_GE(at.words, end);
}

TEST(StepLayout, HasTheSameOffsetsForABatchWhateverItsContexts) {
  const StepCounts few{.tokens = 8, .sequences = 8, .decode_sequences = 8, .rows = 8};
  StepCounts many = few;
  many.table_entries = 10'000;
  EXPECT_EQ(step_layout(few).block_tables, step_layout(many).block_tables);
}

TEST(StepLayout, NeedsNoMoreThanItsBound) {
  for (const std::int32_t sequences : {1, 3, 64, 255}) {
    for (std::int32_t decode = 0; decode <= sequences; ++decode) {
      const StepCounts counts{.tokens = 300,
                              .sequences = sequences,
                              .decode_sequences = decode,
                              .rows = sequences,
                              .table_entries = 999};
      EXPECT_LE(step_layout(counts).words, step_words_max(300, sequences, 999));
    }
  }
}

TEST(BufferPlan, HasRoomForTheMostPiecesOfAnyContext) {
  for (const std::int32_t context : {1, 100, 256, 4000, 9000, 131'072}) {
    CudaOpenRequest request{.sequences_max = 4};
    request.shape = {.layers = 1,
                     .hidden = 64,
                     .heads = 4,
                     .kv_heads = 2,
                     .head_dim = 16,
                     .feed_forward = 64,
                     .vocabulary = 100,
                     .context_tokens_max = context};
    const BufferPlan plan = plan_buffers(request);
    for (std::int32_t c = 0; c <= context; c += 61) {
      EXPECT_LE(4 * chunk_count(c) * 4 * 16, plan.partials);
      EXPECT_LE(4 * chunk_count(c) * 4 * 2, plan.stats);
    }
  }
}

TEST(BufferPlan, CountsTheBytesOfQwen7bKv) {
  const CudaModelShape shape{.layers = 28, .heads = 28, .kv_heads = 4, .head_dim = 128};
  EXPECT_EQ(block_bytes({.shape = shape, .block_tokens = 16}), 16 * 57'344);
}

}  // namespace
}  // namespace ringmaster::engine::cuda
