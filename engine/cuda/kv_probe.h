#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "engine/executor.h"

namespace ringmaster::engine {

/// What a device thinks of the tokens that may come next, at one place after the other of a fixed
/// text: the 20 best of each.
using NextTokens = std::vector<std::vector<TokenLogprob>>;

/// Tokens of the text, random ones: a prompt of 244, in chunks, and 24 that decode. So keys and
/// values are stored and read by every kernel that does; a GPU decodes the last ones in two pieces.
inline constexpr std::int32_t kProbeTokens = 268;
/// Of a chunk at most.
inline constexpr std::int32_t kProbeChunkTokens = 32;

/// Lets the device compute as much of the text as its context and blocks hold, and asks for the
/// next token after each chunk of at most `chunk_tokens`; the prompt has some eight of them.
///
/// Requires: no step is in flight; nobody needs what its blocks hold; chunk_tokens >= 1 fit a step.
/// Fails as wait() does.
[[nodiscard]] Result<NextTokens> probe_next_tokens(Executor& device,
                                                   std::int32_t chunk_tokens = kProbeChunkTokens);

/// How far two devices are from each other: the absolute difference of a token's natural
/// log-probabilities, on average over the tokens that both name at the same place. Infinite if
/// there are none or one is no number.
[[nodiscard]] double mean_difference(const NextTokens& a, const NextTokens& b);

}  // namespace ringmaster::engine
