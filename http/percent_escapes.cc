#include "http/percent_escapes.h"

#include <charconv>
#include <cstdint>

namespace ringmaster::http {

std::string without_percent_escapes(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::string_view digits = text.substr(at + 1, 2);
    std::uint8_t byte = 0;
    const bool is_escape =
        text[at] == '%' && digits.size() == 2 &&
        std::from_chars(digits.data(), digits.data() + 2, byte, 16).ptr == digits.data() + 2;
    plain += is_escape ? static_cast<char>(byte) : text[at];
    if (is_escape) at += 2;
  }
  return plain;
}

}  // namespace ringmaster::http
