#include "engine/cuda/step_packer.h"

#include <algorithm>
#include <cstring>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/batch_buckets.h"

namespace ringmaster::engine::cuda {
namespace {

/// From so many query rows on, of one sequence and KV head, the larger prefill tiles are full
/// enough.
constexpr std::int32_t kLargeTileRowsMin = 512;

constexpr std::int32_t kRowWords = sizeof(PackedRow) / 4;

std::int32_t size_of(const auto& values) {
  return static_cast<std::int32_t>(values.size());
}

}  // namespace

CudaStep StepPacker::pack(const StepInput& input) {
  CudaStep step{.counts = counts_of(input)};
  const StepLayout layout = step_layout(step.counts);
  words_.resize(static_cast<std::size_t>(layout.words));
  std::fill_n(words_.begin(), layout.block_tables, 0);
  pack_tokens(input, layout);
  pack_sequences(input, layout, step);
  pack_rows(input, layout, step.counts.rows);
  // Nine words of ten are these: std::copy() moves them as one piece, std::ranges::copy() one by
  // one.
  const auto tables_end = std::copy(input.block_tables.begin(), input.block_tables.end(),
                                    words_.begin() + layout.block_tables);
  std::fill(tables_end, words_.end(), 0);
  step.words = words_.data();
  step.saves = input.saves.data();
  step.loads = input.loads.data();
  step.save_count = size_of(input.saves);
  step.load_count = size_of(input.loads);
  return step;
}

StepCounts StepPacker::counts_of(const StepInput& input) const {
  StepCounts counts{.tokens = size_of(input.tokens),
                    .sequences = size_of(input.sequences),
                    .decode_sequences = options_.decodes_apart ? input.decode_sequences : 0,
                    .rows = size_of(input.sampling),
                    .table_entries = size_of(input.block_tables)};
  const bool is_decode = counts.sequences > 0 && counts.decode_sequences == counts.sequences;
  const std::int32_t bucket = is_decode ? batch_bucket(counts.sequences) : -1;
  if (bucket > 0 && bucket <= options_.sequences_max) {
    counts.tokens = counts.sequences = counts.decode_sequences = counts.rows = bucket;
  }
  return counts;
}

void StepPacker::pack_tokens(const StepInput& input, const StepLayout& layout) {
  std::ranges::copy(input.tokens, words_.begin() + layout.tokens);
  std::ranges::copy(input.positions, words_.begin() + layout.positions);
  std::int32_t* slots = &words_[static_cast<std::size_t>(layout.kv_slots)];
  std::fill(slots, words_.data() + layout.query_starts, -1);
  for (const StepSequence& sequence : input.sequences) {
    const std::int32_t* table = input.block_tables.data() + sequence.block_table_start;
    for (std::int32_t i = 0; i < sequence.query_tokens; ++i) {
      const std::int32_t position = sequence.context_tokens - sequence.query_tokens + i;
      slots[sequence.query_start + i] =
          table[position / options_.block_tokens] * options_.block_tokens +
          position % options_.block_tokens;
    }
  }
}

void StepPacker::pack_sequences(const StepInput& input, const StepLayout& layout, CudaStep& step) {
  const std::int32_t decoding = step.counts.decode_sequences;
  bool is_large = false;
  for (const StepSequence& sequence : input.sequences) {
    is_large = is_large || sequence.query_tokens * options_.group >= kLargeTileRowsMin;
  }
  step.prefill_row_tiles = is_large ? 2 : 1;
  const std::int32_t tile_rows = 64 * step.prefill_row_tiles;
  std::int32_t* const words = words_.data();
  const StepSequence padding;
  std::int32_t chunks = 0;
  for (std::int32_t s = 0; s < step.counts.sequences; ++s) {
    const bool is_padding = s >= size_of(input.sequences);
    const StepSequence& sequence =
        is_padding ? padding : input.sequences[static_cast<std::size_t>(s)];
    words[layout.query_starts + s] = sequence.query_start;
    words[layout.query_tokens + s] = sequence.query_tokens;
    words[layout.contexts + s] = sequence.context_tokens;
    words[layout.table_starts + s] = sequence.block_table_start;
    if (s < decoding) {
      chunks += chunk_count(sequence.context_tokens);
      words[layout.chunk_starts + s + 1] = chunks;
    } else {
      step.prefill_tiles += prefill_tiles(sequence.query_tokens, options_.group, tile_rows);
      words[layout.tile_starts + s - decoding + 1] = step.prefill_tiles;
    }
  }
}

void StepPacker::pack_rows(const StepInput& input, const StepLayout& layout, std::int32_t count) {
  std::int32_t* const rows = words_.data() + layout.rows;
  const auto put = [rows](std::int32_t index, const PackedRow& row) {
    std::memcpy(rows + index * kRowWords, &row, sizeof row);
  };
  for (std::int32_t index = 0; index < count; ++index) put(index, {.slot = -1});
  for (const StepSequence& sequence : input.sequences) {
    if (sequence.sample_row < 0) continue;
    const SampleRow& row = input.sampling[static_cast<std::size_t>(sequence.sample_row)];
    put(sequence.sample_row, {.seed = row.options.seed,
                              .output_index = row.output_index,
                              .token_row = sequence.query_start + sequence.query_tokens - 1,
                              .slot = sequence.slot,
                              .top_k = row.options.top_k,
                              .temperature = row.options.temperature,
                              .top_p = row.options.top_p,
                              .min_p = row.options.min_p,
                              .logprobs = row.options.logprobs});
  }
}

}  // namespace ringmaster::engine::cuda
