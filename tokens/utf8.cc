#include "tokens/utf8.h"

#include <algorithm>
#include <cstring>

namespace ringmaster {
namespace {

/// How long a code point with this lead byte is, and which second bytes are well-formed.
struct LeadByte {
  std::uint8_t size = 0;  // 0: never starts a code point.
  unsigned char second_min = 0x80;
  unsigned char second_max = 0xBF;
};

LeadByte lead_byte(unsigned char lead) {
  if (lead < 0x80) return {.size = 1};
  if (lead < 0xC2) return {};  // A continuation byte, or an overlong form.
  if (lead < 0xE0) return {.size = 2};
  if (lead == 0xE0) return {.size = 3, .second_min = 0xA0};
  if (lead == 0xED) return {.size = 3, .second_max = 0x9F};  // No surrogates.
  if (lead < 0xF0) return {.size = 3};
  if (lead == 0xF0) return {.size = 4, .second_min = 0x90};
  if (lead < 0xF4) return {.size = 4};
  if (lead == 0xF4) return {.size = 4, .second_max = 0x8F};
  return {};
}

/// How many of the first bytes are ASCII, eight at a time.
std::size_t ascii_prefix(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if ((word & 0x8080808080808080ULL) != 0) break;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

}  // namespace

Utf8Step utf8_step(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const LeadByte lead = lead_byte(byte(0));
  if (lead.size == 0) return {.size = 1, .kind = Utf8Step::kMalformed};
  for (std::uint8_t i = 1; i < lead.size; ++i) {
    if (i == text.size()) return {.size = i, .kind = Utf8Step::kIncomplete};
    const unsigned char low = i == 1 ? lead.second_min : 0x80;
    const unsigned char high = i == 1 ? lead.second_max : 0xBF;
    if (byte(i) < low || byte(i) > high) return {.size = i, .kind = Utf8Step::kMalformed};
  }
  std::size_t at = 0;
  return {.code_point = next_code_point(text, at), .size = lead.size};
}

bool is_valid_utf8(std::string_view text) {
  for (;;) {
    text.remove_prefix(ascii_prefix(text));
    if (text.empty()) return true;
    const Utf8Step step = utf8_step(text);
    if (step.kind != Utf8Step::kWellFormed) return false;
    text.remove_prefix(step.size);
  }
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    valid += step.kind == Utf8Step::kWellFormed ? text.substr(0, step.size) : kReplacementCharacter;
    text.remove_prefix(step.size);
  }
  return valid;
}

void append_utf8(std::string& text, char32_t code_point) {
  const auto put = [&](char32_t byte) { text += static_cast<char>(byte); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0U | code_point >> 6U);
    put(0x80U | (code_point & 0x3FU));
  } else if (code_point < 0x10000) {
    put(0xE0U | code_point >> 12U);
    put(0x80U | (code_point >> 6U & 0x3FU));
    put(0x80U | (code_point & 0x3FU));
  } else {
    put(0xF0U | code_point >> 18U);
    put(0x80U | (code_point >> 12U & 0x3FU));
    put(0x80U | (code_point >> 6U & 0x3FU));
    put(0x80U | (code_point & 0x3FU));
  }
}

}  // namespace ringmaster
