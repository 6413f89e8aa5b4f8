#pragma once

#include <cstdint>
#include <vector>

namespace ringmaster::engine {

/// Of one step of the grid: what the engine that is measured has to allow.
inline constexpr std::int32_t kGridSequencesMax = 256;

/// A step that is measured for the simulator's profile: sequences that decode, all at one context,
/// and beside them a chunk of a prompt.
struct GridStep {
  std::int32_t decode_sequences = 0;
  std::int32_t decode_context = 0;
  std::int32_t chunk_tokens = 0;  ///< 0: none.
  std::int32_t chunk_before = 0;  ///< Tokens of its prompt before it.

  /// Of the cache; what decodes reads all of its own.
  [[nodiscard]] std::int64_t kv_tokens() const {
    return std::int64_t{decode_sequences} * decode_context + chunk_before + chunk_tokens;
  }
  [[nodiscard]] double attention_pairs() const {
    return static_cast<double>(chunk_tokens) * chunk_before + 0.5 * chunk_tokens * chunk_tokens;
  }
};

/// The grid, as far as it fits a cache of so many tokens: some hundred steps.
[[nodiscard]] inline std::vector<GridStep> step_grid(std::int64_t cache_tokens) {
  std::vector<GridStep> grid;
  for (const std::int32_t batch : {0, 1, 2, 4, 8, 16, 32, 64, 128, 256}) {
    for (const std::int32_t context : {128, 1024, 4096, 8192, 16'384}) {
      for (const std::int32_t chunk : {0, 128, 512, 2048, 7900}) {
        for (const std::int32_t before : {0, 8192}) {
          if (chunk + batch == 0 || (chunk == 0 && before > 0) || (batch == 0 && context > 128)) {
            continue;
          }
          // Beside a chunk only a part of the grid: a card is lent for minutes.
          if (chunk > 0 && batch > 0 && (context != 1024 || batch % 8 != 0)) continue;
          // The chunk is a sequence too.
          const std::int32_t most = kGridSequencesMax - (chunk > 0 ? 1 : 0);
          const GridStep step{.decode_sequences = batch < most ? batch : most,
                              .decode_context = context,
                              .chunk_tokens = chunk,
                              .chunk_before = before};
          if (step.kv_tokens() <= cache_tokens) grid.push_back(step);
        }
      }
    }
  }
  return grid;
}

}  // namespace ringmaster::engine
