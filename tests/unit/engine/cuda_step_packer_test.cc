#include <cstdint>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "engine/cuda/step_packer.h"

namespace ringmaster::engine::cuda {
namespace {

/// Two decoding sequences and a chunk of three tokens behind a cached block of four.
StepInput mixed_step() {
  StepInput step;
  step.tokens = {11, 12, 21, 22, 23};
  step.positions = {4, 0, 4, 5, 6};
  step.block_tables = {9, 3, 7, 5, 2};
  step.decode_sequences = 2;
  step.sequences = {{.slot = 6,
                     .query_start = 0,
                     .query_tokens = 1,
                     .context_tokens = 5,
                     .block_table_start = 0,
                     .block_count = 2,
                     .sample_row = 0},
                    {.slot = 1,
                     .query_start = 1,
                     .query_tokens = 1,
                     .context_tokens = 1,
                     .block_table_start = 2,
                     .block_count = 1},
                    {.slot = 4,
                     .query_start = 2,
                     .query_tokens = 3,
                     .context_tokens = 7,
                     .block_table_start = 3,
                     .block_count = 2,
                     .sample_row = 1}};
  step.sampling = {{.options = {.temperature = 0.5F,
                                .top_k = 3,
                                .top_p = 0.9F,
                                .min_p = 0.1F,
                                .seed = 1ULL << 40U,
                                .logprobs = 2},
                    .output_index = 8},
                   {}};
  return step;
}

std::vector<std::int32_t> words(const CudaStep& step, std::int32_t offset, std::int32_t count) {
  return {step.words + offset, step.words + offset + count};
}

PackedRow row(const CudaStep& step, std::int32_t index) {
  PackedRow row;
  std::memcpy(static_cast<void*>(&row), step.words + step_layout(step.counts).rows + index * 10,
              sizeof row);
  return row;
}

using Words = std::vector<std::int32_t>;

TEST(StepPacker, LaysOutAMixedStepUnpadded) {
  StepPacker packer({.block_tokens = 4, .group = 7, .sequences_max = 8});
  const StepInput input = mixed_step();
  const CudaStep step = packer.pack(input);
  const StepLayout at = step_layout(step.counts);
  EXPECT_EQ(step.counts.tokens, 5);
  EXPECT_EQ(step.counts.sequences, 3);
  EXPECT_EQ(words(step, at.tokens, 5), (Words{11, 12, 21, 22, 23}));
  EXPECT_EQ(words(step, at.positions, 5), (Words{4, 0, 4, 5, 6}));
  EXPECT_EQ(words(step, at.kv_slots, 5), (Words{12, 28, 8, 9, 10}));
  EXPECT_EQ(words(step, at.query_starts, 3), (Words{0, 1, 2}));
  EXPECT_EQ(words(step, at.query_tokens, 3), (Words{1, 1, 3}));
  EXPECT_EQ(words(step, at.contexts, 3), (Words{5, 1, 7}));
  EXPECT_EQ(words(step, at.table_starts, 3), (Words{0, 2, 3}));
  EXPECT_EQ(words(step, at.chunk_starts, 3), (Words{0, 1, 2}));
  EXPECT_EQ(words(step, at.tile_starts, 2), (Words{0, 1}));
  EXPECT_EQ(words(step, at.block_tables, 5), (Words{9, 3, 7, 5, 2}));
  EXPECT_EQ(step.prefill_tiles, 1);
  EXPECT_EQ(step.prefill_row_tiles, 1);
}

TEST(StepPacker, GivesEachRowItsTokenSlotAndOptions) {
  StepPacker packer({.block_tokens = 4, .group = 7, .sequences_max = 8});
  const StepInput input = mixed_step();
  const CudaStep step = packer.pack(input);
  const PackedRow first = row(step, 0);
  EXPECT_EQ(first.seed, 1ULL << 40U);
  EXPECT_EQ(first.output_index, 8);
  EXPECT_EQ(first.token_row, 0);
  EXPECT_EQ(first.slot, 6);
  EXPECT_EQ(first.top_k, 3);
  EXPECT_EQ(first.temperature, 0.5F);
  EXPECT_EQ(first.top_p, 0.9F);
  EXPECT_EQ(first.min_p, 0.1F);
  EXPECT_EQ(first.logprobs, 2);
  EXPECT_EQ(row(step, 1).token_row, 4);
  EXPECT_EQ(row(step, 1).slot, 4);
}

TEST(StepPacker, PadsABatchThatOnlyDecodes) {
  StepPacker packer({.block_tokens = 4, .group = 7, .sequences_max = 8});
  StepInput input = mixed_step();
  input.sequences.pop_back();
  input.sampling.pop_back();
  input.tokens.resize(2);
  input.positions.resize(2);
  input.sequences.push_back(input.sequences.front());
  input.sequences.back().query_start = 2;
  input.sequences.back().sample_row = -1;
  input.tokens.push_back(13);
  input.positions.push_back(4);
  input.decode_sequences = 3;
  const CudaStep step = packer.pack(input);
  const StepLayout at = step_layout(step.counts);
  EXPECT_EQ(step.counts.tokens, 4);
  EXPECT_EQ(step.counts.sequences, 4);
  EXPECT_EQ(step.counts.decode_sequences, 4);
  EXPECT_EQ(step.counts.rows, 4);
  EXPECT_EQ(words(step, at.kv_slots, 4), (Words{12, 28, 12, -1}));
  EXPECT_EQ(words(step, at.contexts, 4), (Words{5, 1, 5, 0}));
  EXPECT_EQ(words(step, at.chunk_starts, 5), (Words{0, 1, 2, 3, 3}));
  EXPECT_EQ(row(step, 0).slot, 6);
  EXPECT_EQ(row(step, 1).slot, -1);
  EXPECT_EQ(row(step, 3).slot, -1);
  EXPECT_EQ(step.prefill_tiles, 0);
}

TEST(StepPacker, LeavesABatchBeyondTheLargestBucketAlone) {
  StepPacker packer({.block_tokens = 4, .group = 1, .sequences_max = 2});
  StepInput input;
  for (std::int32_t s = 0; s < 3; ++s) {
    input.tokens.push_back(s);
    input.positions.push_back(0);
    input.block_tables.push_back(s);
    input.sequences.push_back({.query_start = s,
                               .query_tokens = 1,
                               .context_tokens = 1,
                               .block_table_start = s,
                               .block_count = 1});
  }
  input.decode_sequences = 3;
  EXPECT_EQ(packer.pack(input).counts.tokens, 3);
}

TEST(StepPacker, PacksAStepTheSameWhateverItPackedBefore) {
  const StepPackerOptions options{.block_tokens = 4, .group = 7, .sequences_max = 8};
  StepPacker fresh(options);
  StepPacker used(options);
  StepInput before = mixed_step();
  before.block_tables.assign(64, 5);
  (void)used.pack(before);
  const StepInput input = mixed_step();
  const CudaStep expected = fresh.pack(input);
  const CudaStep step = used.pack(input);
  const std::int32_t all = step_layout(expected.counts).words;
  EXPECT_EQ(words(step, 0, all), words(expected, 0, all));
}

TEST(StepPacker, TakesLargeTilesForLongChunks) {
  StepPacker packer({.block_tokens = 16, .group = 7, .sequences_max = 8});
  StepInput input;
  for (std::int32_t i = 0; i < 80; ++i) {
    input.tokens.push_back(i);
    input.positions.push_back(i);
  }
  input.block_tables = {0, 1, 2, 3, 4};
  input.sequences = {{.query_tokens = 80, .context_tokens = 80, .block_count = 5}};
  const CudaStep step = packer.pack(input);
  EXPECT_EQ(step.prefill_row_tiles, 2);
  EXPECT_EQ(step.prefill_tiles, 5);  // 560 rows in tiles of 128.
}

// The kernel for decoding adds in another order, so what was cut into other chunks would differ.
TEST(StepPacker, PutsEveryTokenIntoTilesOfPrefillWhereNothingDecodesApart) {
  StepPacker packer({.block_tokens = 4, .group = 7, .sequences_max = 8, .decodes_apart = false});
  const StepInput input = mixed_step();
  const CudaStep step = packer.pack(input);
  const StepLayout at = step_layout(step.counts);
  EXPECT_EQ(step.counts.decode_sequences, 0);
  EXPECT_EQ(step.counts.sequences, 3);
  EXPECT_EQ(step.prefill_tiles, 3);
  EXPECT_EQ(words(step, at.tile_starts, 4), (Words{0, 1, 2, 3}));
  EXPECT_EQ(words(step, at.contexts, 3), (Words{5, 1, 7}));
}

}  // namespace
}  // namespace ringmaster::engine::cuda
