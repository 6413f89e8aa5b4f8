#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tokens/marked_text.h"
#include "tokens/token.h"

namespace ringmaster {

struct TokenizerParts;

struct EncodeOptions {
  /// Put what the post-processor adds (for Llama-3 the begin-of-text token) around the text.
  bool add_special_tokens = false;
  /// Read special tokens such as <|im_end|> where they are spelled out. Off, they are plain text;
  /// added tokens that the model does not call special (Qwen3's <think>) are read either way.
  bool parse_special = false;
};

/// Byte-level byte-pair encoding as a Hugging Face tokenizer.json describes it: the same tokens as
/// the `tokenizers` library makes.
///
/// Immutable; any thread may use it. encode() takes time O(n log n) in the length of the longest
/// piece. Invalid UTF-8 is read as U+FFFD, one for each maximal subpart.
class Tokenizer {
 public:
  /// Fails with kInvalidArgument, naming `file`, the JSON path and what was expected.
  [[nodiscard]] static Result<std::shared_ptr<const Tokenizer>> from_json(std::string_view json,
                                                                          std::string_view file);

  explicit Tokenizer(std::unique_ptr<const TokenizerParts> parts);
  ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  [[nodiscard]] TokenVector encode(std::string_view text, EncodeOptions options = {}) const;

  /// Reads special tokens only where every byte is trusted.
  [[nodiscard]] TokenVector encode(const MarkedText& text, bool add_special_tokens = false) const;

  /// Valid UTF-8; bytes that are not, come out as U+FFFD. Unknown ids give nothing.
  [[nodiscard]] std::string decode(TokenSpan tokens, bool skip_special = true) const;

  /// The bytes a token stands for, perhaps part of a code point; empty for an unknown id. Lives as
  /// long as the tokenizer.
  [[nodiscard]] std::string_view token_bytes(TokenId token) const;

  /// The token whose bytes, or whose spelling as an added token, are `text`.
  [[nodiscard]] std::optional<TokenId> token_id(std::string_view text) const;

  [[nodiscard]] bool is_special(TokenId token) const;

  /// One more than the greatest id. A model may have more rows (padding).
  [[nodiscard]] std::int32_t vocabulary_size() const;

 private:
  std::unique_ptr<const TokenizerParts> parts_;
};

}  // namespace ringmaster
