#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/server/answer.h"
#include "engine/server/openai_request.h"
#include "tokens/tokenizer.h"

namespace ringmaster::engine {

/// Writes one answer as OpenAI clients read it: whole, or as the events of a stream.
class OpenAiFormat {
 public:
  /// `tokenizer` outlives this. `created` in seconds since 1970. The strings are plain ASCII or
  /// valid UTF-8.
  OpenAiFormat(CallKind kind, std::string id, std::string model, std::int64_t created,
               const Tokenizer& tokenizer);

  /// Stream chunks carry "usage": null, and a last one with the counts follows.
  void include_usage() { includes_usage_ = true; }
  void include_logprobs() { includes_logprobs_ = true; }

  /// The event that opens a chat stream; nothing for completions.
  [[nodiscard]] std::string first_event() const;

  /// The event for a delta, with its finish reason if it is the last.
  [[nodiscard]] std::string event(const AnswerDelta& delta) const;

  /// What ends a stream: the usage event, if asked for, and [DONE].
  [[nodiscard]] std::string last_events(const Usage& usage) const;

  /// The body of an answer that is not streamed. `all` is the sum of its deltas.
  [[nodiscard]] std::string body(const AnswerDelta& all, const Usage& usage) const;

 private:
  [[nodiscard]] std::string head(std::string_view object) const;
  [[nodiscard]] std::string wrap(std::string choice) const;
  void append_logprobs(std::string& out, const AnswerDelta& delta) const;
  void append_chat_logprobs(std::string& out, const std::vector<SampledToken>& tokens) const;
  void append_completion_logprobs(std::string& out, const AnswerDelta& delta) const;
  [[nodiscard]] std::string token_text(TokenId token) const;
  [[nodiscard]] std::string token_key(TokenId token) const;
  void append_chat_token(std::string& out, TokenId token, float logprob) const;

  CallKind kind_;
  std::string id_;
  std::string model_;
  std::int64_t created_;
  const Tokenizer& tokenizer_;
  bool includes_usage_ = false;
  bool includes_logprobs_ = false;
};

}  // namespace ringmaster::engine
