#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tokens/added_tokens.h"
#include "tokens/byte_pair_encoder.h"
#include "tokens/text_splitter.h"
#include "tokens/token.h"
#include "tokens/unicode_form.h"
#include "tokens/vocabulary.h"

namespace ringmaster {

/// What happens to a text on its way to tokens, in this order: added tokens of the raw text are cut
/// out; what is left is normalised; added tokens of the normalised text are cut out; what is left
/// is split into pieces; each piece is encoded.
struct TokenizerParts {
  AddedTokenMatcher raw_tokens;
  std::vector<UnicodeForm> normalizers;  ///< Applied in order.
  AddedTokenMatcher normalized_tokens;
  bool add_prefix_space = false;  ///< Put a space before text that does not start with one.
  std::vector<std::unique_ptr<const TextSplitter>> splitters;  ///< Each splits what the last left.
  Vocabulary vocabulary;
  BytePairEncoder encoder;  ///< Refers to `vocabulary`.

  TokenVector before;  ///< What the post-processor puts before a text, and behind it.
  TokenVector behind;

  std::vector<bool> is_special;  ///< By id.
  std::map<std::string, TokenId, std::less<>> added_by_content;
};

/// Reads a tokenizer.json.
/// Fails with kInvalidArgument, naming `file`, the JSON path and what was expected.
[[nodiscard]] Result<std::unique_ptr<const TokenizerParts>> parse_tokenizer_json(
    std::string_view json, std::string_view file);

}  // namespace ringmaster
