#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ringmaster {

/// What stands for bytes that are not well-formed UTF-8.
inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

/// What a text begins with.
struct Utf8Step {
  char32_t code_point = 0;  ///< 0 unless kWellFormed.
  std::uint8_t size = 0;    ///< Bytes of the code point, or of the maximal subpart.
  enum Kind : std::uint8_t {
    kWellFormed,
    kMalformed,   ///< `size` bytes to be replaced by one U+FFFD.
    kIncomplete,  ///< All that is left, and a proper prefix of a code point.
  } kind = kWellFormed;
};

/// The first code point or maximal subpart (The Unicode Standard, section 3.9, "U+FFFD Substitution
/// of Maximal Subparts", and its table 3-7). Requires: text is not empty.
[[nodiscard]] Utf8Step utf8_step(std::string_view text);

[[nodiscard]] bool is_valid_utf8(std::string_view text);

/// The text with each maximal subpart of what is not well-formed replaced by U+FFFD.
[[nodiscard]] std::string replace_invalid_utf8(std::string_view text);

/// Requires: a Unicode scalar value.
void append_utf8(std::string& text, char32_t code_point);

/// The code point at `at`, and moves `at` behind it. Requires: valid UTF-8, `at` at the start of a
/// code point.
[[nodiscard]] inline char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) {
    ++at;
    return lead;
  }
  const auto tail = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[at + i]) & 0x3FU);
  };
  char32_t code_point = 0;
  if (lead < 0xE0) {
    code_point = (lead & 0x1FU) << 6U | tail(1);
    at += 2;
  } else if (lead < 0xF0) {
    code_point = (lead & 0x0FU) << 12U | tail(1) << 6U | tail(2);
    at += 3;
  } else {
    code_point = (lead & 0x07U) << 18U | tail(1) << 12U | tail(2) << 6U | tail(3);
    at += 4;
  }
  return code_point;
}

/// Where the code point before `at` starts. Requires: valid UTF-8 and at > 0.
[[nodiscard]] inline std::size_t previous_code_point(std::string_view text, std::size_t at) {
  do --at;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U);
  return at;
}

}  // namespace ringmaster
