#include "engine/server/output_text.h"

#include <algorithm>
#include <utility>

namespace ringmaster::engine {

OutputText::OutputText(const Tokenizer& tokenizer, const std::vector<std::string>& stop)
    : detokenizer_(tokenizer), scanner_(stop) {}

std::string OutputText::push(TokenId token) {
  take(detokenizer_.push(token));
  return release();
}

std::string OutputText::finish() {
  if (is_stopped()) return {};
  take(detokenizer_.finish());
  scanner_.finish();
  return release();
}

void OutputText::take(std::string_view text) {
  code_points_ += static_cast<std::int32_t>(
      std::ranges::count_if(text, [](unsigned char byte) { return (byte & 0xc0U) != 0x80U; }));
  held_ += text;
  scanner_.read(text);
}

std::string OutputText::release() {
  const std::uint64_t certain = scanner_.certain_bytes();
  const auto bytes = static_cast<std::size_t>(certain - std::exchange(returned_, certain));
  std::string text = held_.substr(0, bytes);
  held_.erase(0, bytes);
  return text;
}

}  // namespace ringmaster::engine
