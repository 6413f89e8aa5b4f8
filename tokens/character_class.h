#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace ringmaster {

/// Which of the classes that tokenizers ask for a code point is in; by the Unicode version of ICU.
enum CharacterClass : std::uint8_t {
  kOther = 0,
  kLetter = 1,      ///< \p{L}
  kNumber = 2,      ///< \p{N}
  kWhiteSpace = 4,  ///< \s, that is White_Space
  kLineBreak = 8,   ///< Carriage return or line feed; these are white space too.
  kWord = 16,       ///< \w: alphabetic, mark, decimal number, connector punctuation, join control
};

/// The classes of all code points, in two levels: 256 code points a page, equal pages shared.
class CharacterClassTable {
 public:
  /// Built at the first call, in about a millisecond.
  [[nodiscard]] static const CharacterClassTable& instance();

  /// A union of CharacterClass. Requires: code_point <= 0x10FFFF.
  [[nodiscard]] std::uint8_t operator[](char32_t code_point) const {
    return pages_[page_of_[code_point >> 8U]][code_point & 0xFFU];
  }

 private:
  using Page = std::array<std::uint8_t, 256>;
  static constexpr std::size_t kPageCount = 0x110000 / 256;

  CharacterClassTable();

  std::array<std::uint16_t, kPageCount> page_of_{};
  std::vector<Page> pages_;
};

}  // namespace ringmaster
