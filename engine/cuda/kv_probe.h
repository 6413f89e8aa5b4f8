#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "engine/executor.h"

namespace ringmaster::engine {

/// What a device thinks of the token that comes after one of a fixed text: the 20 best.
struct ProbedPlace {
  std::int32_t position = 0;  ///< Of the token before it.
  std::vector<TokenLogprob> best;
};

/// Tokens of the text, random ones.
inline constexpr std::int32_t kProbeTokens = 268;
/// That go into one step at most.
inline constexpr std::int32_t kProbeChunkTokens = 32;

/// Lets the device compute as much of the text as its context and blocks hold: in chunks, each
/// longer than the one before, up to `chunk_tokens`, and after each a few tokens that decode. So
/// keys and values are stored and read by every kernel that does; a GPU decodes the last tokens in
/// two pieces. The next token is asked for after each chunk and each token that decodes.
///
/// Requires: no step is in flight; nobody needs what its blocks hold; chunk_tokens >= 1 fit a step.
/// Fails as wait() does.
[[nodiscard]] Result<std::vector<ProbedPlace>> probe_next_tokens(
    Executor& device, std::int32_t chunk_tokens = kProbeChunkTokens);

/// How far two devices are from each other: the absolute difference of a token's natural
/// log-probabilities, on average over the tokens that both name at the same position. Infinite if
/// there are none or one is no number.
[[nodiscard]] double mean_difference(const std::vector<ProbedPlace>& a,
                                     const std::vector<ProbedPlace>& b);

}  // namespace ringmaster::engine
