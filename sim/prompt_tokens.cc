#include "sim/prompt_tokens.h"

#include <algorithm>

#include "base/random.h"
#include "sim/trace.h"

namespace ringmaster::sim {
namespace {

constexpr std::uint64_t kOwnSeed = 0x6f776e;  // Keeps requests' own tokens apart from those of ids.

/// Appends tokens drawn from `seed` until the prompt has `size` of them.
void append_drawn(TokenVector& tokens, std::uint64_t seed, std::size_t size) {
  Random random(mix64(seed));
  while (tokens.size() < size) {
    std::uint64_t bits = random.next();
    for (int byte = 0; byte < 8 && tokens.size() < size; ++byte, bits >>= 8U) {
      tokens.push_back(static_cast<TokenId>(bits & 0xffU));
    }
  }
}

}  // namespace

TokenVector prompt_tokens_of(std::span<const std::uint64_t> ids, std::uint32_t prompt_tokens,
                             std::uint64_t own) {
  TokenVector tokens;
  tokens.reserve(prompt_tokens);
  for (const std::uint64_t id : ids) {
    const std::size_t end = tokens.size() + kTraceBlockTokens;
    append_drawn(tokens, id, std::min<std::size_t>(end, prompt_tokens));
  }
  append_drawn(tokens, mix64(own) ^ kOwnSeed, prompt_tokens);
  return tokens;
}

}  // namespace ringmaster::sim
