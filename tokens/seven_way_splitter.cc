#include <cstddef>

#include "base/check.h"
#include "tokens/character_class.h"
#include "tokens/text_splitter.h"
#include "tokens/utf8.h"

namespace ringmaster {
namespace {

/// Walks one text. The seven alternatives of the pattern, in their order:
///   1 (?i:'s|'t|'re|'ve|'m|'ll|'d)   2 [^\r\n\p{L}\p{N}]?\p{L}+   3 \p{N}{1,digits_max}
///   4  ?[^\s\p{L}\p{N}]+[\r\n]*      5 \s*[\r\n]+    6 \s+(?!\S)   7 \s+
class Scanner {
 public:
  Scanner(std::string_view text, std::uint32_t digits_max)
      : text_(text), digits_max_(digits_max), table_(CharacterClassTable::instance()) {}

  /// Where the piece that starts at `begin` ends.
  [[nodiscard]] std::size_t end_of_piece(std::size_t begin) const {
    std::size_t after = begin;
    const char32_t first = next_code_point(text_, after);
    const std::uint8_t first_class = table_[first];
    if (first == U'\'') {
      if (const std::size_t end = end_of_contraction(after); end != 0) return end;
    }
    if ((first_class & kLetter) != 0) return skip(after, kLetter);
    if ((first_class & kNumber) != 0) return end_of_digits(after);
    if ((first_class & kLineBreak) == 0 && class_at(after, kLetter)) return skip(after, kLetter);
    if ((first_class & kWhiteSpace) == 0) return end_of_symbols(after);
    if (first == U' ' && is_symbol_at(after)) return end_of_symbols(after);
    return end_of_white_space(begin);
  }

 private:
  /// Class of the code point at `at`, and moves behind it.
  std::uint8_t next_class(std::size_t& at) const { return table_[next_code_point(text_, at)]; }

  bool class_at(std::size_t at, std::uint8_t classes) const {
    return at < text_.size() && (next_class(at) & classes) != 0;
  }

  bool is_symbol_at(std::size_t at) const {
    return at < text_.size() && (next_class(at) & (kWhiteSpace | kLetter | kNumber)) == 0;
  }

  std::size_t skip(std::size_t at, std::uint8_t classes) const {
    while (at < text_.size()) {
      std::size_t after = at;
      if ((next_class(after) & classes) == 0) break;
      at = after;
    }
    return at;
  }

  /// 0 if none follows the apostrophe.
  std::size_t end_of_contraction(std::size_t at) const {
    const auto letter = [&](std::size_t i) {
      return i < text_.size() ? static_cast<char>(text_[i] | 0x20) : '\0';
    };
    switch (letter(at)) {
      case 's':
      case 't':
      case 'm':
      case 'd':
        return at + 1;
      case 'r':
      case 'v':
        return letter(at + 1) == 'e' ? at + 2 : 0;
      case 'l':
        return letter(at + 1) == 'l' ? at + 2 : 0;
      default:
        break;
    }
    // U+017F, the long s, is an s to a case-insensitive pattern.
    return text_.substr(at, 2) == "\u017F" ? at + 2 : 0;
  }

  std::size_t end_of_digits(std::size_t at) const {
    for (std::uint32_t digits = 1; digits < digits_max_ && at < text_.size(); ++digits) {
      std::size_t after = at;
      if ((next_class(after) & kNumber) == 0) break;
      at = after;
    }
    return at;
  }

  std::size_t end_of_symbols(std::size_t at) const {
    while (is_symbol_at(at)) static_cast<void>(next_code_point(text_, at));
    return skip(at, kLineBreak);
  }

  std::size_t end_of_white_space(std::size_t begin) const {
    std::size_t end = begin;
    std::size_t last_start = begin;  // Of the last white space.
    std::size_t line_break_end = 0;  // Behind the last line break.
    while (end < text_.size()) {
      std::size_t after = end;
      const std::uint8_t classes = next_class(after);
      if ((classes & kWhiteSpace) == 0) break;
      last_start = end;
      end = after;
      if ((classes & kLineBreak) != 0) line_break_end = after;
    }
    if (line_break_end != 0) return line_break_end;
    if (end == text_.size() || last_start == begin) return end;
    return last_start;  // The last one goes with the word behind it.
  }

  std::string_view text_;
  std::uint32_t digits_max_;
  const CharacterClassTable& table_;
};

}  // namespace

SevenWaySplitter::SevenWaySplitter(std::uint32_t digits_max) : digits_max_(digits_max) {
  RINGMASTER_CHECK(digits_max >= 1);
}

void SevenWaySplitter::split(std::string_view text, std::vector<std::string_view>& pieces) const {
  const Scanner scanner(text, digits_max_);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = scanner.end_of_piece(begin);
    pieces.push_back(text.substr(begin, end - begin));
    begin = end;
  }
}

}  // namespace ringmaster
