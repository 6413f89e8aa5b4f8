#include "engine/server/openai_format.h"

#include <cmath>
#include <utility>

#include "base/json_text.h"
#include "tokens/utf8.h"

namespace ringmaster::engine {
namespace {

std::string_view finish_text(FinishReason finish) {
  switch (finish) {
    case FinishReason::kStop:
      return R"("stop")";
    case FinishReason::kLength:
      return R"("length")";
    default:
      return "null";
  }
}

/// A token that cannot be drawn has no finite logprob; clients expect a number all the same.
void append_logprob(std::string& out, float logprob) {
  constexpr double kImpossible = -9999.0;
  append_json_number(out, std::isfinite(logprob) ? double{logprob} : kImpossible);
}

std::string usage_json(const Usage& usage) {
  return R"({"prompt_tokens":)" + std::to_string(usage.prompt_tokens) + R"(,"completion_tokens":)" +
         std::to_string(usage.output_tokens) + R"(,"total_tokens":)" +
         std::to_string(usage.prompt_tokens + usage.output_tokens) +
         R"(,"prompt_tokens_details":{"cached_tokens":)" + std::to_string(usage.cached_tokens) +
         "}}";
}

}  // namespace

OpenAiFormat::OpenAiFormat(CallKind kind, std::string id, std::string model, std::int64_t created,
                           const Tokenizer& tokenizer)
    : kind_(kind),
      id_(std::move(id)),
      model_(std::move(model)),
      created_(created),
      tokenizer_(tokenizer) {}

std::string OpenAiFormat::first_event() const {
  if (kind_ == CallKind::kCompletion) return {};
  return wrap(R"({"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,)"
              R"("finish_reason":null})");
}

std::string OpenAiFormat::event(const AnswerDelta& delta) const {
  std::string choice = R"({"index":0,)";
  if (kind_ == CallKind::kChat) {
    choice += R"("delta":{)";
    if (!delta.text.empty() || delta.finish == FinishReason::kNone) {
      choice += R"("content":)";
      append_json_string(choice, delta.text);
    }
    choice += '}';
  } else {
    choice += R"("text":)";
    append_json_string(choice, delta.text);
  }
  append_logprobs(choice, delta);
  choice += R"(,"finish_reason":)";
  choice += finish_text(delta.finish);
  choice += '}';
  return wrap(std::move(choice));
}

std::string OpenAiFormat::last_events(const Usage& usage) const {
  constexpr std::string_view kDone = "data: [DONE]\n\n";
  // Clients pass over a comment; a gateway reads it and knows what it relayed.
  if (!includes_usage_) return ": usage " + usage_json(usage) + "\n\n" + std::string(kDone);
  std::string out = "data: ";
  out += head(kind_ == CallKind::kChat ? "chat.completion.chunk" : "text_completion");
  out += R"("choices":[],"usage":)" + usage_json(usage) + "}\n\n";
  return out.append(kDone);
}

std::string OpenAiFormat::body(const AnswerDelta& all, const Usage& usage) const {
  std::string out = head(kind_ == CallKind::kChat ? "chat.completion" : "text_completion");
  out += R"("choices":[{"index":0,)";
  if (kind_ == CallKind::kChat) {
    out += R"("message":{"role":"assistant","content":)";
    append_json_string(out, all.text);
    out += R"(,"refusal":null})";
  } else {
    out += R"("text":)";
    append_json_string(out, all.text);
  }
  append_logprobs(out, all);
  out += R"(,"finish_reason":)";
  out += finish_text(all.finish);
  out += R"(}],"usage":)" + usage_json(usage) + "}";
  return out;
}

std::string OpenAiFormat::head(std::string_view object) const {
  std::string out = R"({"id":)";
  append_json_string(out, id_);
  out += R"(,"object":)";
  append_json_string(out, object);
  out += R"(,"created":)" + std::to_string(created_) + R"(,"model":)";
  append_json_string(out, model_);
  out += ',';
  return out;
}

std::string OpenAiFormat::wrap(std::string choice) const {
  std::string out = "data: ";
  out += head(kind_ == CallKind::kChat ? "chat.completion.chunk" : "text_completion");
  out += R"("choices":[)" + std::move(choice) + ']';
  if (includes_usage_) out += R"(,"usage":null)";
  out += "}\n\n";
  return out;
}

void OpenAiFormat::append_logprobs(std::string& out, const AnswerDelta& delta) const {
  out += R"(,"logprobs":)";
  if (!includes_logprobs_) {
    out += "null";
  } else if (kind_ == CallKind::kChat) {
    append_chat_logprobs(out, delta.tokens);
  } else {
    append_completion_logprobs(out, delta);
  }
}

void OpenAiFormat::append_chat_logprobs(std::string& out,
                                        const std::vector<SampledToken>& tokens) const {
  out += R"({"content":[)";
  for (const SampledToken& sampled : tokens) {
    if (&sampled != &tokens.front()) out += ',';
    append_chat_token(out, sampled.token, sampled.logprob);
    out += R"(,"top_logprobs":[)";
    for (const TokenLogprob& other : sampled.best) {
      if (&other != &sampled.best.front()) out += ',';
      append_chat_token(out, other.token, other.logprob);
      out += '}';
    }
    out += "]}";
  }
  out += R"(],"refusal":null})";
}

// Leaves the object open.
void OpenAiFormat::append_chat_token(std::string& out, TokenId token, float logprob) const {
  out += R"({"token":)";
  append_json_string(out, token_text(token));
  out += R"(,"logprob":)";
  append_logprob(out, logprob);
  out += R"(,"bytes":[)";
  const std::string_view bytes = tokenizer_.token_bytes(token);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) out += ',';
    out += std::to_string(static_cast<unsigned char>(bytes[i]));
  }
  out += ']';
}

void OpenAiFormat::append_completion_logprobs(std::string& out, const AnswerDelta& delta) const {
  std::string tokens;
  std::string logprobs;
  std::string best;
  std::string offsets;
  for (std::size_t i = 0; i < delta.tokens.size(); ++i) {
    const SampledToken& sampled = delta.tokens[i];
    const std::string_view comma = i == 0 ? "" : ",";
    append_json_string(tokens += comma, token_key(sampled.token));
    append_logprob(logprobs += comma, sampled.logprob);
    (best += comma) += '{';
    for (const TokenLogprob& other : sampled.best) {
      if (&other != &sampled.best.front()) best += ',';
      append_json_string(best, token_key(other.token));
      best += ':';
      append_logprob(best, other.logprob);
    }
    best += '}';
    (offsets += comma) += std::to_string(delta.offsets[i]);
  }
  out += R"({"tokens":[)" + tokens + R"(],"token_logprobs":[)" + logprobs +
         R"(],"top_logprobs":[)" + best + R"(],"text_offset":[)" + offsets + "]}";
}

std::string OpenAiFormat::token_text(TokenId token) const {
  return tokenizer_.decode(TokenSpan(&token, 1), false);
}

// Tokens of a part of a code point would all have the text U+FFFD, and the names of an object have
// to be different: they are named by their bytes, as in OpenAI's API.
std::string OpenAiFormat::token_key(TokenId token) const {
  const std::string_view bytes = tokenizer_.token_bytes(token);
  if (is_valid_utf8(bytes)) return token_text(token);
  std::string key = "bytes:";
  for (const unsigned char byte : bytes) {
    constexpr std::string_view kHex = "0123456789abcdef";
    ((key += "\\x") += kHex[byte >> 4U]) += kHex[byte & 0xfU];
  }
  return key;
}

}  // namespace ringmaster::engine
