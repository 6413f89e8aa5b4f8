#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tokens/token.h"

namespace ringmaster {

/// Where a request keeps what its prefix chain is made of.
enum class PromptKind : std::uint8_t {
  kNone,
  kMessages,  ///< `messages` of a chat.
  kText,      ///< `prompt` (or `input`) as text.
  kTokens,    ///< `prompt` as token ids.
};

/// The fields of a request's body that the gateway acts on. All others pass unseen.
struct OpenAiRequest {
  std::string model;  ///< Empty: none given.
  bool stream = false;
  bool has_stream_options = false;
  std::optional<std::uint32_t> output_tokens_max;
  std::string user;
  std::string cache_salt;
  std::int32_t priority = 0;
  PromptKind prompt = PromptKind::kNone;
};

/// Reads those fields in one pass over the body, which stays as it is.
///
/// Beside them it leaves the prompt in a canonical form that does not depend on white space, on
/// the order of keys or on how text is escaped in the JSON, so that equal prompts hash equally:
/// the tools, then for each message its role, content, name and tool calls, with separators; a
/// part that is not text (an image, say) is its hash. One object per thread; keeps its buffers.
class RequestScanner {
 public:
  RequestScanner();
  ~RequestScanner();
  RequestScanner(const RequestScanner&) = delete;
  RequestScanner& operator=(const RequestScanner&) = delete;

  /// Grows the capacity of `body` a little, never its bytes. Fails with kInvalidArgument: not a
  /// JSON object, a field of the wrong type, or one of the fields above given twice.
  [[nodiscard]] Result<OpenAiRequest> scan(std::string& body);

  /// The field that made the last scan fail; empty where the body is no JSON object. A literal.
  [[nodiscard]] std::string_view fault_field() const;

  /// Of the last scan, until the next one.
  [[nodiscard]] std::string_view canonical_prompt() const;
  /// The text of `prompt` alone, where it is one string; else empty.
  [[nodiscard]] std::string_view prompt_text() const;
  [[nodiscard]] TokenSpan prompt_tokens() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringmaster
