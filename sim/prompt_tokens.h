#pragma once

#include <cstdint>
#include <span>

#include "tokens/token.h"

namespace ringmaster::sim {

/// Prompts made of trace ids have tokens in [0, kPromptVocabulary): any byte-level tokenizer has
/// that many, whatever they stand for.
inline constexpr TokenId kPromptVocabulary = 256;

/// Real tokens for a prompt that a trace knows by its ids only, so that it can be sent to a live
/// server: equal ids at equal positions give equal tokens, other ids other ones (a block of 16 has
/// 128 random bits). What the ids do not cover is filled with tokens that `own` alone has, the
/// request's place in its trace. O(prompt_tokens).
[[nodiscard]] TokenVector prompt_tokens_of(std::span<const std::uint64_t> ids,
                                           std::uint32_t prompt_tokens, std::uint64_t own);

}  // namespace ringmaster::sim
