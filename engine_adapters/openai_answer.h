#pragma once

#include "engine_adapters/answer_reader.h"

namespace ringmaster {

/// Reads answers of /v1/chat/completions and /v1/completions as OpenAI defines them, with the
/// spellings that engines add (`reasoning`, `reasoning_content`, finish_reason "abort").
///
/// An event is parsed only until the first output has been seen, and after that only if it holds
/// a finish reason, an error or usage; the rest costs a search for a few words.
class OpenAiAnswer final : public AnswerReader {
 public:
  AnswerEvent read_event(std::string_view data) override;
  /// ": usage {...}" is how the bundled engine states the usage that the client did not ask for.
  void read_comment(std::string_view lines) override;
  void read_body(std::string_view body) override;
  [[nodiscard]] const AnswerUsage& usage() const override { return usage_; }
  [[nodiscard]] std::uint32_t output_events() const override { return output_events_; }

 private:
  AnswerUsage usage_;
  std::uint32_t output_events_ = 0;
};

}  // namespace ringmaster
