#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ringmaster {

/// Index of a token in a model's vocabulary; never negative in a valid sequence.
using TokenId = std::int32_t;
using TokenSpan = std::span<const TokenId>;
using TokenVector = std::vector<TokenId>;

}  // namespace ringmaster
