#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "engine/executor.h"
#include "tokens/chat_request.h"
#include "tokens/token.h"

namespace ringmaster::engine {

enum class CallKind { kChat, kCompletion };

/// The body of a POST to /v1/chat/completions or /v1/completions, checked.
struct OpenAiRequest {
  CallKind kind = CallKind::kChat;
  std::string model;
  std::variant<std::string, TokenVector, ChatRequest> prompt;  ///< The last for chats only.
  SamplingOptions sampling;
  bool has_seed = false;
  std::int32_t output_tokens_max = 0;            ///< 0: not given.
  std::string_view output_limit = "max_tokens";  ///< The field that says it; a literal.
  std::vector<std::string> stop;
  bool is_streamed = false;
  bool includes_usage = false;  ///< A last chunk with the usage of a stream.
  bool ignores_end_tokens = false;
  std::int32_t priority = 0;
  std::string cache_salt;
};

/// What is wrong with a body.
struct RequestFault {
  Error error;
  std::string param;  ///< JSON path of the field at fault; empty: none in particular.
};

/// Reads a body. Keys that are not known are ignored; those that would change the answer in a way
/// that the engine cannot do are refused, unless they have their neutral value.
/// Fails with kInvalidArgument: bad JSON with line and column, else the key and what was expected.
[[nodiscard]] tl::expected<OpenAiRequest, RequestFault> parse_openai_request(CallKind kind,
                                                                             std::string_view body);

}  // namespace ringmaster::engine
