#include "engine/server/output_text.h"

#include <algorithm>
#include <utility>

namespace ringmaster::engine {

OutputText::OutputText(const Tokenizer& tokenizer, std::vector<std::string> stop)
    : detokenizer_(tokenizer), stop_(std::move(stop)) {}

std::string OutputText::push(TokenId token) {
  return release(detokenizer_.push(token));
}

std::string OutputText::finish() {
  if (is_stopped_) return {};
  std::string text = release(detokenizer_.finish());
  if (!is_stopped_) text += std::exchange(held_, {});
  return text;
}

std::string OutputText::release(std::string_view text) {
  code_points_ += static_cast<std::int32_t>(
      std::ranges::count_if(text, [](unsigned char byte) { return (byte & 0xc0U) != 0x80U; }));
  if (stop_.empty()) return std::string(text);
  held_ += text;
  std::size_t end = std::string::npos;
  for (const std::string& stop : stop_) end = std::min(end, held_.find(stop));
  if (end != std::string::npos) {
    is_stopped_ = true;
  } else {
    end = held_.size() - held_back();
  }
  std::string certain = held_.substr(0, end);
  held_.erase(0, end);
  return certain;
}

// The longest tail of what is held that a stop string could begin with.
std::size_t OutputText::held_back() const {
  std::size_t longest = 0;
  for (const std::string& stop : stop_) {
    for (std::size_t bytes = std::min(stop.size() - 1, held_.size()); bytes > longest; --bytes) {
      if (held_.ends_with(std::string_view(stop).substr(0, bytes))) longest = bytes;
    }
  }
  return longest;
}

}  // namespace ringmaster::engine
