#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/generate_request.h"
#include "engine/server/output_text.h"

namespace ringmaster::engine {

/// The token counts of one answer.
struct Usage {
  std::int32_t prompt_tokens = 0;
  std::int32_t output_tokens = 0;  ///< An end token included.
  std::int32_t cached_tokens = 0;  ///< Of the prompt.
};

/// What one or more outputs add to an answer.
struct AnswerDelta {
  std::string text;
  std::vector<SampledToken> tokens;  ///< Only if logprobs were asked for.
  /// Of each of these, the code points of the answer's text that were complete before it.
  std::vector<std::int32_t> offsets;
  FinishReason finish = FinishReason::kNone;
};

/// An answer that grows by output events: its text, its counts, its end.
class Answer {
 public:
  /// `tokenizer` outlives the answer.
  Answer(const Tokenizer& tokenizer, const std::vector<std::string>& stop, bool keeps_tokens,
         std::int32_t prompt_tokens)
      : text_(tokenizer, stop), keeps_tokens_(keeps_tokens) {
    usage_.prompt_tokens = prompt_tokens;
  }

  void admit(const AdmittedEvent& event) { usage_.cached_tokens = event.cached_tokens; }

  /// Adds an event to `delta`. The answer is over when delta.finish says so: by the event, or by a
  /// stop string. Requires: the event has a token; the answer is not over.
  void add(OutputEvent event, AnswerDelta& delta);

  [[nodiscard]] const Usage& usage() const { return usage_; }
  /// Ended by a stop string, of which the engine knows nothing.
  [[nodiscard]] bool is_stopped_by_text() const { return text_.is_stopped(); }

 private:
  OutputText text_;
  bool keeps_tokens_;
  Usage usage_;
};

}  // namespace ringmaster::engine
