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
  // Nine words of ten are these. (std::copy() moves them as one piece, std::ranges::copy() one by
  // one.)
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
  std::copy(input.tokens.begin(), input.tokens.end(), words_.begin() + layout.tokens);
  std::copy(input.positions.begin(), input.positions.end(), words_.begin() + layout.positions);
  std::int32_t* const slots = words_.data() + layout.kv_slots;
  std::fill(slots + input.tokens.size(), words_.data() + layout.query_starts, -1);
  const std::int32_t width = options_.block_tokens;
  for (const StepSequence& sequence : input.sequences) {
    const std::int32_t* const table = input.block_tables.data() + sequence.block_table_start;
    const std::int32_t first = sequence.context_tokens - sequence.query_tokens;
    // What decodes is in its last block, found without a division.
    std::int32_t entry = sequence.block_count - 1;
    if (first < entry * width) entry = first / width;
    std::int32_t offset = first - entry * width;
    for (std::int32_t i = 0; i < sequence.query_tokens; ++i, ++offset) {
      if (offset == width) {
        offset = 0;
        ++entry;
      }
      slots[sequence.query_start + i] = table[entry] * width + offset;
    }
  }
}

void StepPacker::pack_sequences(const StepInput& input, const StepLayout& layout, CudaStep& step) {
  const std::int32_t count = size_of(input.sequences);
  std::int32_t* const words = words_.data();
  for (std::int32_t s = 0; s < count; ++s) {
    const StepSequence& sequence = input.sequences.data()[s];
    words[layout.query_starts + s] = sequence.query_start;
    words[layout.query_tokens + s] = sequence.query_tokens;
    words[layout.contexts + s] = sequence.context_tokens;
    words[layout.table_starts + s] = sequence.block_table_start;
  }
  const std::span<const StepSequence> sequences(input.sequences);
  const auto decoding = static_cast<std::size_t>(std::min(count, step.counts.decode_sequences));
  pack_chunks(sequences.first(decoding),
              std::span(words + layout.chunk_starts + 1,
                        static_cast<std::size_t>(step.counts.decode_sequences)));
  pack_tiles(sequences.subspan(decoding), words + layout.tile_starts + 1, step);
}

/// Where the pieces of decode attention end, sequence by sequence; padding has none.
void StepPacker::pack_chunks(std::span<const StepSequence> decoding, std::span<std::int32_t> ends) {
  std::int32_t chunks = 0;
  for (std::size_t s = 0; s < decoding.size(); ++s) {
    chunks += chunk_count(decoding[s].context_tokens);
    ends[s] = chunks;
  }
  std::ranges::fill(ends.subspan(decoding.size()), chunks);
}

/// Where the tiles of prefill attention end, sequence by sequence.
void StepPacker::pack_tiles(std::span<const StepSequence> prefilling, std::int32_t* ends,
                            CudaStep& step) const {
  const bool is_large = std::ranges::any_of(prefilling, [this](const StepSequence& sequence) {
    return sequence.query_tokens * options_.group >= kLargeTileRowsMin;
  });
  step.prefill_row_tiles = is_large ? 2 : 1;
  for (const StepSequence& sequence : prefilling) {
    step.prefill_tiles +=
        prefill_tiles(sequence.query_tokens, options_.group, 64 * step.prefill_row_tiles);
    *ends++ = step.prefill_tiles;
  }
}

void StepPacker::pack_rows(const StepInput& input, const StepLayout& layout, std::int32_t count) {
  std::int32_t* const rows = words_.data() + layout.rows;
  const auto put = [rows](std::int32_t index, const PackedRow& row) {
    std::memcpy(rows + index * kRowWords, &row, sizeof row);
  };
  for (const StepSequence& sequence : input.sequences) {
    if (sequence.sample_row < 0) continue;
    const SampleRow& row = input.sampling.data()[sequence.sample_row];
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
  for (std::int32_t i = size_of(input.sampling); i < count; ++i) put(i, {.slot = -1});
}

}  // namespace ringmaster::engine::cuda
