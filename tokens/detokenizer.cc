#include "tokens/detokenizer.h"

#include "tokens/utf8.h"

namespace ringmaster {

std::string Detokenizer::push(TokenId token) {
  if (skip_special_ && tokenizer_->is_special(token)) return {};
  return push_bytes(tokenizer_->token_bytes(token));
}

std::string Detokenizer::push_bytes(std::string_view bytes) {
  const std::string joined = held_.append(bytes);
  held_.clear();
  std::string text;
  text.reserve(joined.size());
  for (std::string_view rest = joined; !rest.empty();) {
    const Utf8Step step = utf8_step(rest);
    if (step.kind == Utf8Step::kIncomplete) {
      held_ = rest;
      break;
    }
    text += step.kind == Utf8Step::kWellFormed ? rest.substr(0, step.size) : kReplacementCharacter;
    rest.remove_prefix(step.size);
  }
  return text;
}

std::string Detokenizer::finish() {
  // What is held is one maximal subpart, so one U+FFFD stands for it.
  std::string text(held_.empty() ? std::string_view() : kReplacementCharacter);
  held_.clear();
  return text;
}

}  // namespace ringmaster
