#include "engine/server/answer.h"

#include <utility>

namespace ringmaster::engine {

void Answer::add(OutputEvent event, AnswerDelta& delta) {
  ++usage_.output_tokens;
  delta.finish = event.finish;
  if (event.finish != FinishReason::kStop) {  // An end token is no text.
    if (keeps_tokens_) delta.offsets.push_back(text_.code_points());
    delta.text += text_.push(event.token.token);
    if (keeps_tokens_) delta.tokens.push_back(std::move(event.token));
  }
  if (delta.finish != FinishReason::kNone) delta.text += text_.finish();
  if (text_.is_stopped()) delta.finish = FinishReason::kStop;
}

}  // namespace ringmaster::engine
