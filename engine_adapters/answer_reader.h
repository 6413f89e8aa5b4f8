#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ringmaster {

/// Token counts as an answer states them. Absent is not zero.
struct AnswerUsage {
  std::optional<std::uint32_t> prompt_tokens;
  std::optional<std::uint32_t> output_tokens;
  std::optional<std::uint32_t> cached_tokens;
};

/// What one event of a streamed answer means to the gateway.
struct AnswerEvent {
  bool has_output = false;  ///< Carries text, reasoning or a part of a tool call.
  bool is_end = false;      ///< The sentinel [DONE].
  bool is_error = false;    ///< An error object instead of a chunk.
  bool is_usage = false;    ///< Carries the usage and no choice.
  bool is_abort = false;    ///< The engine gave up on the request (finish_reason "abort").
};

/// Reads the answer of one attempt as it passes by; it never changes it.
class AnswerReader {
 public:
  virtual ~AnswerReader() = default;

  /// The data of one server-sent event. Cheap: most events are searched, not parsed.
  virtual AnswerEvent read_event(std::string_view data) = 0;

  /// A server-sent event that is no data but comments: its lines, each with the colon.
  virtual void read_comment(std::string_view lines) = 0;

  /// A whole body that was not streamed. Anything but a JSON object says nothing.
  virtual void read_body(std::string_view body) = 0;

  [[nodiscard]] virtual const AnswerUsage& usage() const = 0;

  /// Events with output so far: an estimate of the output tokens where usage is absent.
  [[nodiscard]] virtual std::uint32_t output_events() const = 0;
};

}  // namespace ringmaster
