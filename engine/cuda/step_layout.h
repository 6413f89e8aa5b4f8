#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/sample_token.h"

namespace ringmaster::engine::cuda {

/// How many of each a step has; padding included.
struct StepCounts {
  std::int32_t tokens = 0;
  std::int32_t sequences = 0;
  std::int32_t decode_sequences = 0;  ///< The first ones; one token each.
  std::int32_t rows = 0;              ///< That sample.
  std::int32_t table_entries = 0;     ///< Of all block tables.
};

/// One sampling row as it travels to the device.
struct PackedRow {
  std::uint64_t seed = 0;
  std::int32_t output_index = 0;
  std::int32_t token_row = 0;  ///< The token of the step whose logits it draws from.
  std::int32_t slot = 0;       ///< Whose last sample it becomes; -1: padding.
  std::int32_t top_k = 0;
  float temperature = 0.0F;
  float top_p = 1.0F;
  float min_p = 0.0F;
  std::int32_t logprobs = -1;
};
static_assert(sizeof(PackedRow) == 40);

/// Where the arrays of a step stand in its one upload, as offsets in 4-byte words; each starts at a
/// multiple of 16 bytes. The block tables are last, so that for one number of decoding sequences
/// every offset is the same whatever the contexts are: a recorded graph reads at fixed addresses.
struct StepLayout {
  std::int32_t tokens = 0;        ///< [tokens]; negative: see sample_of_slot().
  std::int32_t positions = 0;     ///< [tokens]
  std::int32_t kv_slots = 0;      ///< [tokens] block * block_tokens + offset; -1: store nothing.
  std::int32_t query_starts = 0;  ///< [sequences]
  std::int32_t query_tokens = 0;  ///< [sequences]
  std::int32_t contexts = 0;      ///< [sequences]; 0: padding.
  std::int32_t table_starts = 0;  ///< [sequences] in the block tables.
  std::int32_t chunk_starts = 0;  ///< [decode_sequences + 1]; pieces of decode attention.
  std::int32_t tile_starts = 0;   ///< [sequences - decode_sequences + 1]; tiles of prefill.
  std::int32_t rows = 0;          ///< [rows] of PackedRow.
  std::int32_t block_tables = 0;  ///< [table_entries]
  std::int32_t words = 0;         ///< Of all.

  [[nodiscard]] constexpr std::size_t bytes() const { return std::size_t{4} * words; }
};

[[nodiscard]] constexpr StepLayout step_layout(const StepCounts& counts) {
  StepLayout layout;
  std::int32_t end = 0;
  const auto take = [&end](std::int32_t words) {
    const std::int32_t start = end;
    end += (words + 3) / 4 * 4;
    return start;
  };
  layout.tokens = take(counts.tokens);
  layout.positions = take(counts.tokens);
  layout.kv_slots = take(counts.tokens);
  layout.query_starts = take(counts.sequences);
  layout.query_tokens = take(counts.sequences);
  layout.contexts = take(counts.sequences);
  layout.table_starts = take(counts.sequences);
  layout.chunk_starts = take(counts.decode_sequences + 1);
  layout.tile_starts = take(counts.sequences - counts.decode_sequences + 1);
  layout.rows = take(counts.rows * static_cast<std::int32_t>(sizeof(PackedRow) / 4));
  layout.block_tables = take(counts.table_entries);
  layout.words = end;
  return layout;
}

/// The most words that any step may need: what the device and the pinned buffers reserve.
[[nodiscard]] constexpr std::int64_t step_words_max(std::int32_t tokens, std::int32_t sequences,
                                                    std::int64_t table_entries) {
  const StepCounts counts{
      .tokens = tokens, .sequences = sequences, .decode_sequences = sequences, .rows = sequences};
  // Twice the slack of the two prefix sums: they add up to `sequences` + 2 words in any split.
  return step_layout(counts).words + 8 + (table_entries + 3) / 4 * 4;
}

}  // namespace ringmaster::engine::cuda
