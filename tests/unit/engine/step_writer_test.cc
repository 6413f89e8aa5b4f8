#include "engine/step_writer.h"

#include <gtest/gtest.h>

namespace ringmaster::engine {
namespace {

/// Four prompt tokens and two of output, the last without its KV.
Sequence decoding_sequence() {
  Sequence sequence;
  sequence.tokens = {1, 2, 3, 4, 5, 6};
  sequence.prompt_tokens = 4;
  sequence.computed_tokens = 5;
  sequence.blocks = {9, 3};
  sequence.slot = 2;
  sequence.sampling.seed = 77;
  return sequence;
}

/// Seven prompt tokens; four came from the cache.
Sequence prefilling_sequence() {
  Sequence sequence;
  sequence.tokens = {10, 11, 12, 13, 14, 15, 16};
  sequence.prompt_tokens = 7;
  sequence.computed_tokens = 4;
  sequence.blocks = {7, 5};
  sequence.slot = 0;
  return sequence;
}

TEST(StepWriter, WritesOneTokenOfWhatDecodes) {
  Sequence sequence = decoding_sequence();
  StepInput input;
  write_step({.sequences = {{.sequence = &sequence, .query_tokens = 1}}}, false, input);
  EXPECT_EQ(input.tokens, (TokenVector{6}));
  EXPECT_EQ(input.positions, (std::vector<std::int32_t>{5}));
  EXPECT_EQ(input.block_tables, (std::vector<BlockId>{9, 3}));
  EXPECT_EQ(input.decode_sequences, 1);
  ASSERT_EQ(input.sequences.size(), 1U);
  EXPECT_EQ(input.sequences[0].slot, 2);
  EXPECT_EQ(input.sequences[0].context_tokens, 6);
  EXPECT_EQ(input.sequences[0].sample_row, 0);
  ASSERT_EQ(input.sampling.size(), 1U);
  EXPECT_EQ(input.sampling[0].options.seed, 77U);
  EXPECT_EQ(input.sampling[0].output_index, 2);
}

TEST(StepWriter, PutsEachSequenceBehindTheOneBefore) {
  Sequence first = decoding_sequence();
  Sequence second = prefilling_sequence();
  StepInput input;
  write_step({.sequences = {{.sequence = &first, .query_tokens = 1},
                            {.sequence = &second, .query_tokens = 3}}},
             false, input);
  EXPECT_EQ(input.tokens, (TokenVector{6, 14, 15, 16}));
  EXPECT_EQ(input.positions, (std::vector<std::int32_t>{5, 4, 5, 6}));
  EXPECT_EQ(input.block_tables, (std::vector<BlockId>{9, 3, 7, 5}));
  EXPECT_EQ(input.decode_sequences, 1);
  EXPECT_EQ(input.sequences[1].query_start, 1);
  EXPECT_EQ(input.sequences[1].query_tokens, 3);
  EXPECT_EQ(input.sequences[1].context_tokens, 7);
  EXPECT_EQ(input.sequences[1].block_table_start, 2);
  EXPECT_EQ(input.sequences[1].block_count, 2);
  EXPECT_EQ(input.sequences[1].sample_row, 1);
}

TEST(StepWriter, SamplesNothingForAChunkThatLeavesSomeOfThePrompt) {
  Sequence first = prefilling_sequence();
  Sequence second = decoding_sequence();
  StepInput input;
  write_step({.sequences = {{.sequence = &first, .query_tokens = 2},
                            {.sequence = &second, .query_tokens = 1}}},
             false, input);
  EXPECT_EQ(input.sequences[0].sample_row, -1);
  EXPECT_EQ(input.sequences[1].sample_row, 0);
  EXPECT_EQ(input.sampling.size(), 1U);
}

TEST(StepWriter, NamesTheSampleToComeInAStepAhead) {
  Sequence sequence = decoding_sequence();
  StepInput input;
  write_step({.sequences = {{.sequence = &sequence, .query_tokens = 1}}}, true, input);
  EXPECT_EQ(input.tokens, (TokenVector{sample_of_slot(2)}));
  EXPECT_EQ(input.positions, (std::vector<std::int32_t>{6}));
  EXPECT_EQ(input.sequences[0].context_tokens, 7);
  EXPECT_EQ(input.sampling[0].output_index, 3);
}

TEST(StepWriter, LeavesNothingOfALargerStepBefore) {
  Sequence first = decoding_sequence();
  Sequence second = prefilling_sequence();
  StepInput input;
  write_step({.sequences = {{.sequence = &second, .query_tokens = 3},
                            {.sequence = &first, .query_tokens = 1}}},
             false, input);
  write_step({.sequences = {{.sequence = &second, .query_tokens = 2}}}, false, input);
  EXPECT_EQ(input.tokens, (TokenVector{14, 15}));
  EXPECT_EQ(input.positions, (std::vector<std::int32_t>{4, 5}));
  EXPECT_EQ(input.block_tables, (std::vector<BlockId>{7, 5}));
  EXPECT_EQ(input.decode_sequences, 0);
  EXPECT_EQ(input.sampling.size(), 0U);
  ASSERT_EQ(input.sequences.size(), 1U);
  EXPECT_EQ(input.sequences[0].sample_row, -1);
}

}  // namespace
}  // namespace ringmaster::engine
