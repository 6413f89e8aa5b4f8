#pragma once

#include <cstdint>
#include <vector>

#include "engine/block_copy.h"
#include "engine/sample_token.h"
#include "tokens/token.h"

namespace ringmaster::engine {

/// How one output token is chosen. Filters apply in this order: temperature, top-k, top-p, min-p.
struct SamplingOptions {
  float temperature = 1.0F;  ///< 0: greedy.
  std::int32_t top_k = 0;    ///< 0: off.
  float top_p = 1.0F;
  float min_p = 0.0F;
  std::uint64_t seed = 0;      ///< With the output index it fixes the draw, whatever the batch.
  std::int32_t logprobs = -1;  ///< -1: none; else the chosen one and this many best, at most 20.
};

/// One sequence's part in a step.
struct StepSequence {
  std::int32_t slot = 0;               ///< Stable while the sequence runs; for device-side state.
  std::int32_t query_start = 0;        ///< Its first token in StepInput::tokens.
  std::int32_t query_tokens = 0;       ///< 1 for decode; a chunk for prefill.
  std::int32_t context_tokens = 0;     ///< Tokens in the KV cache after this step.
  std::int32_t block_table_start = 0;  ///< In StepInput::block_tables.
  std::int32_t block_count = 0;
  /// In StepInput::sampling, counted in the order of the sequences; -1: nothing is sampled.
  std::int32_t sample_row = -1;
};

struct SampleRow {
  SamplingOptions options;
  std::int32_t output_index = 0;  ///< Of the token to be drawn: 0 for the first.
};

/// One step, as flat arrays that the engine owns and re-uses. Sequences that decode come first.
/// Before anything is computed the device does all saves, in any order, and then all loads.
struct StepInput {
  std::vector<StepSequence> sequences;
  /// [sum of query_tokens]; negative: see sample_of_slot(), only for steps begun ahead.
  std::vector<TokenId> tokens;
  std::vector<std::int32_t> positions;  ///< Same shape; position in its sequence, from 0.
  std::vector<BlockId> block_tables;    ///< Each sequence's blocks, in order.
  std::vector<SampleRow> sampling;
  std::vector<BlockCopy> saves;  ///< To the host.
  std::vector<BlockCopy> loads;  ///< To the device.
  std::int32_t decode_sequences = 0;

  void clear();
};

}  // namespace ringmaster::engine
