#include "tokens/byte_alphabet.h"

#include <array>
#include <cstdint>

#include "tokens/utf8.h"

namespace ringmaster {
namespace {

struct Alphabet {
  std::array<char32_t, 256> letters{};
  std::array<std::int16_t, 256 + 68> bytes{};  // By letter; -1: none.
};

constexpr Alphabet make_alphabet() {
  Alphabet alphabet;
  alphabet.bytes.fill(-1);
  char32_t next = 256;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool is_printable =
        (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    const char32_t letter = is_printable ? byte : next++;
    alphabet.letters[byte] = letter;
    alphabet.bytes[letter] = static_cast<std::int16_t>(byte);
  }
  return alphabet;
}

constexpr Alphabet kAlphabet = make_alphabet();

}  // namespace

char32_t letter_of_byte(unsigned char byte) {
  return kAlphabet.letters[byte];
}

std::optional<std::string> bytes_of_letters(std::string_view token) {
  std::string bytes;
  bytes.reserve(token.size());
  for (std::size_t at = 0; at < token.size();) {
    const char32_t letter = next_code_point(token, at);
    if (letter >= kAlphabet.bytes.size() || kAlphabet.bytes[letter] < 0) return std::nullopt;
    bytes += static_cast<char>(kAlphabet.bytes[letter]);
  }
  return bytes;
}

}  // namespace ringmaster
