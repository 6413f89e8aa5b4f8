#pragma once

#include <string>
#include <string_view>

#include "tokens/token.h"
#include "tokens/tokenizer.h"

namespace ringmaster {

/// Turns a stream of tokens into a stream of valid UTF-8, and never emits half a code point.
///
/// What push() returned so far, with what finish() returns, is Tokenizer::decode() of all the
/// tokens. At most three bytes are held back. One per sequence; the tokenizer must outlive it.
class Detokenizer {
 public:
  explicit Detokenizer(const Tokenizer& tokenizer, bool skip_special = true)
      : tokenizer_(&tokenizer), skip_special_(skip_special) {}

  /// The text that is complete with this token; empty while a code point is incomplete.
  [[nodiscard]] std::string push(TokenId token);

  /// The same for bytes that did not come from a token.
  [[nodiscard]] std::string push_bytes(std::string_view bytes);

  /// What is left at the end: nothing, or one U+FFFD for an incomplete code point. Starts anew.
  [[nodiscard]] std::string finish();

 private:
  const Tokenizer* tokenizer_;
  bool skip_special_;
  std::string held_;  // A proper prefix of a well-formed code point.
};

}  // namespace ringmaster
