#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tokens/chat_request.h"
#include "tokens/chat_template.h"
#include "tokens/token.h"
#include "tokens/tokenizer.h"

namespace ringmaster {

/// The texts of a model's files, with their names for messages. Empty text: no such file.
struct PromptEncoderFiles {
  std::string_view tokenizer_json;
  std::string_view tokenizer_config_json;  ///< chat_template, bos_token, eos_token.
  std::string_view chat_template_jinja;    ///< Goes before the one in tokenizer_config.json.
  std::string_view folder;                 ///< Put before the file names in messages.
};

/// From the body of a request to the tokens of its prompt.
///
/// The engine and the gateway use the same one, so both see the same tokens. Message content, tools
/// and template arguments never become special tokens, whatever they spell. Immutable; any thread
/// may use it, if `today` may be called from any.
class PromptEncoder {
 public:
  /// The date that templates see through strftime_now. Without it they take their own default.
  using Today = std::function<CivilTime()>;

  /// Fails with kInvalidArgument, naming the file and the place in it.
  [[nodiscard]] static Result<std::shared_ptr<const PromptEncoder>> create(
      const PromptEncoderFiles& files, Today today = nullptr);

  /// The prompt of a /v1/chat/completions body: `messages` (content a string, an array of text
  /// parts, which are joined by line feeds, or, of an assistant's, null), `tools`,
  /// `add_generation_prompt` (default true), `chat_template_kwargs`. Other keys are ignored. Fails
  /// with kInvalidArgument, naming the JSON path, or the template's place and message.
  [[nodiscard]] Result<TokenVector> encode_chat(std::string_view body_json) const;
  /// The same of a body that was read already. Fails as the template does.
  [[nodiscard]] Result<TokenVector> encode_chat(ChatRequest request) const;

  /// The text that encode_chat() turns into tokens; for tests and for showing.
  [[nodiscard]] Result<MarkedText> render_chat(std::string_view body_json) const;

  /// The prompt of a /v1/completions body. It is raw: the client plays the template's part, so
  /// special tokens are read, and the post-processor adds its own.
  [[nodiscard]] Result<TokenVector> encode_completion(std::string_view prompt_text) const;

  [[nodiscard]] const Tokenizer& tokenizer() const { return *tokenizer_; }
  [[nodiscard]] std::shared_ptr<const Tokenizer> share_tokenizer() const { return tokenizer_; }

  /// The token that ends an answer, if tokenizer_config.json names one.
  [[nodiscard]] std::optional<TokenId> end_token() const;

  [[nodiscard]] bool has_chat_template() const { return !templates_.empty(); }

 private:
  PromptEncoder() = default;

  [[nodiscard]] Result<MarkedText> render(ChatRequest request) const;

  std::shared_ptr<const Tokenizer> tokenizer_;
  std::map<std::string, ChatTemplate, std::less<>> templates_;  // By name; usually "default" only.
  std::map<std::string, std::string, std::less<>> special_tokens_;  // "bos_token" -> its text.
  Today today_;
};

}  // namespace ringmaster
