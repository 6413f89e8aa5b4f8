#pragma once

#include <string_view>

#include "base/result.h"
#include "tokens/jinja/compound_values.h"
#include "tokens/json_place.h"

namespace ringmaster {

/// What a chat template sees of the body of a /v1/chat/completions request.
struct ChatRequest {
  jinja::Dict variables;  ///< messages, tools, add_generation_prompt and chat_template_kwargs.
  bool has_tools = false;
};

/// Reads a body. All texts in it are marked as plain.
///
/// Messages are passed on as they are (those of other roles than "assistant" must have content),
/// but content that is an array of text parts becomes one text, with line feeds between the parts;
/// and function arguments of tool calls, which the API carries as a JSON text, become the mapping
/// that templates expect.
/// Fails with kInvalidArgument, naming the JSON path and what was expected.
[[nodiscard]] Result<ChatRequest> read_chat_request(std::string_view body_json);

/// The same of a body that is parsed already; what is wrong becomes a fault of its.
[[nodiscard]] ChatRequest read_chat_request(const JsonPlace& body);

}  // namespace ringmaster
