#pragma once

#include "tokens/json_place.h"
#include "tokens/tokenizer_parts.h"

namespace ringmaster {

/// Reads everything of a tokenizer.json but its vocabulary: `normalizer`, `pre_tokenizer`,
/// `post_processor` and `decoder`. What is not supported becomes a fault that says what is.
void read_tokenizer_pipeline(const JsonPlace& root, TokenizerParts& parts);

}  // namespace ringmaster
