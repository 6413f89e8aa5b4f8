#include "engine/server/stop_scanner.h"

#include <algorithm>

namespace ringmaster::engine {

StopScanner::Pattern::Pattern(std::string_view stop) : text(stop), borders(stop.size(), 0) {
  std::size_t border = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    while (border > 0 && text[border] != text[i]) border = borders[border - 1];
    if (text[border] == text[i]) ++border;
    borders[i] = static_cast<std::uint32_t>(border);
  }
}

void StopScanner::Pattern::take(char byte) {
  while (matched > 0 && text[matched] != byte) matched = borders[matched - 1];
  if (text[matched] == byte) ++matched;
}

StopScanner::StopScanner(const std::vector<std::string>& stop) {
  patterns_.reserve(stop.size());
  for (const std::string& text : stop) patterns_.emplace_back(text);
}

void StopScanner::read(std::string_view text) {
  for (Pattern& pattern : patterns_) {
    for (std::size_t i = 0; i < text.size() && !pattern.is_whole(); ++i) {
      pattern.take(text[i]);
      if (pattern.is_whole()) end_ = std::min(end_, read_ + i + 1 - pattern.matched);
    }
  }
  read_ += text.size();
  // Found again it would only begin later.
  std::erase_if(patterns_, [](const Pattern& pattern) { return pattern.is_whole(); });
}

std::uint64_t StopScanner::certain_bytes() const {
  std::uint64_t certain = std::min(read_, end_);
  for (const Pattern& pattern : patterns_) certain = std::min(certain, read_ - pattern.matched);
  return certain;
}

}  // namespace ringmaster::engine
