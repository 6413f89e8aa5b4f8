#include "tokens/jinja/text_operations.h"

#include <algorithm>

#include <unicode/bytestream.h>
#include <unicode/casemap.h>

#include "base/check.h"
#include "tokens/character_class.h"
#include "tokens/utf8.h"

namespace ringmaster::jinja {
namespace {

/// As str.isspace(): White_Space, and the four separators of ASCII.
bool is_python_space(char32_t code_point) {
  return (code_point >= 0x1C && code_point <= 0x1F) ||
         (CharacterClassTable::instance()[code_point] & kWhiteSpace) != 0;
}

bool is_stripped(char32_t code_point, std::optional<std::string_view> characters) {
  if (!characters) return is_python_space(code_point);
  for (std::size_t at = 0; at < characters->size();) {
    if (next_code_point(*characters, at) == code_point) return true;
  }
  return false;
}

std::vector<MarkedText> split_at_space(const MarkedText& text, long splits_max, bool from_right) {
  std::vector<MarkedText> parts;
  MarkedText rest = strip(text, from_right ? StripSide::kRight : StripSide::kLeft);
  const std::string_view bytes = rest.bytes();
  std::size_t begin = 0;
  std::size_t end = bytes.size();
  while (begin < end && splits_max-- != 0) {
    std::size_t at = from_right ? end : begin;
    std::size_t word_edge = at;
    std::size_t gap_edge = at;
    bool has_gap = false;
    while (from_right ? at > begin : at < end) {
      std::size_t after = from_right ? previous_code_point(bytes, at) : at;
      std::size_t cursor = after;
      const bool is_space = is_python_space(next_code_point(bytes, cursor));
      if (!from_right) after = cursor;
      if (has_gap && !is_space) break;
      has_gap = is_space;
      at = after;
      gap_edge = at;
      if (!has_gap) word_edge = at;
    }
    parts.push_back(from_right ? rest.slice(word_edge, end) : rest.slice(begin, word_edge));
    (from_right ? end : begin) = gap_edge;
  }
  if (begin < end) {
    // The rest of a split from the left keeps its trailing space; from the right, its leading one.
    parts.push_back(rest.slice(begin, end));
  }
  if (from_right) std::reverse(parts.begin(), parts.end());
  return parts;
}

std::string change_case(std::string_view text, bool to_upper) {
  std::string result;
  icu::StringByteSink<std::string> sink(&result);
  UErrorCode status = U_ZERO_ERROR;
  const icu::StringPiece piece(text.data(), static_cast<std::int32_t>(text.size()));
  if (to_upper) {
    icu::CaseMap::utf8ToUpper("", 0, piece, sink, nullptr, status);
  } else {
    icu::CaseMap::utf8ToLower("", 0, piece, sink, nullptr, status);
  }
  RINGMASTER_CHECK(U_SUCCESS(status));
  return result;
}

MarkedText change_case(const MarkedText& text, std::size_t begin, std::size_t end, bool to_upper) {
  return text.slice(begin, end).transformed([to_upper](std::string_view run) {
    return change_case(run, to_upper);
  });
}

}  // namespace

MarkedText strip(const MarkedText& text, StripSide side,
                 std::optional<std::string_view> characters) {
  const std::string_view bytes = text.bytes();
  std::size_t begin = 0;
  std::size_t end = bytes.size();
  while (side != StripSide::kRight && begin < end) {
    std::size_t after = begin;
    if (!is_stripped(next_code_point(bytes, after), characters)) break;
    begin = after;
  }
  while (side != StripSide::kLeft && begin < end) {
    const std::size_t before = previous_code_point(bytes, end);
    std::size_t at = before;
    if (!is_stripped(next_code_point(bytes, at), characters)) break;
    end = before;
  }
  return text.slice(begin, end);
}

std::vector<MarkedText> split(const MarkedText& text, std::optional<std::string_view> separator,
                              long splits_max, bool from_right) {
  if (!separator) return split_at_space(text, splits_max, from_right);
  const std::string_view bytes = text.bytes();
  std::vector<MarkedText> parts;
  std::size_t begin = 0;
  std::size_t end = bytes.size();
  while (splits_max-- != 0) {
    const std::size_t at =
        from_right ? bytes.substr(0, end).rfind(*separator) : bytes.find(*separator, begin);
    if (at == std::string_view::npos) break;
    if (from_right) {
      parts.push_back(text.slice(at + separator->size(), end));
      end = at;
    } else {
      parts.push_back(text.slice(begin, at));
      begin = at + separator->size();
    }
  }
  parts.push_back(text.slice(begin, end));
  if (from_right) std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<MarkedText> split_lines(const MarkedText& text) {
  std::vector<MarkedText> lines;
  const std::string_view bytes = text.bytes();
  for (std::size_t begin = 0; begin < bytes.size();) {
    const std::size_t end = std::min(bytes.find_first_of("\r\n", begin), bytes.size());
    lines.push_back(text.slice(begin, end));
    begin = end + (bytes.substr(end).starts_with("\r\n") ? 2 : 1);
  }
  return lines;
}

namespace {

/// Calls visit(begin of match) for each match, as str.replace() finds them; an empty `from` matches
/// before each code point and at the end.
template <class Visit>
void each_match(std::string_view bytes, std::string_view from, long count, const Visit& visit) {
  std::size_t at = 0;
  while (count-- != 0) {
    const std::size_t found = from.empty() ? at : bytes.find(from, at);
    if (found == std::string_view::npos) return;
    visit(found);
    at = found + from.size();
    if (from.empty()) {
      if (at == bytes.size()) return;
      static_cast<void>(next_code_point(bytes, at));
    }
  }
}

}  // namespace

std::size_t replaced_size(const MarkedText& text, std::string_view from, std::size_t to_size,
                          long count) {
  std::size_t matches = 0;
  each_match(text.bytes(), from, count, [&](std::size_t) { ++matches; });
  return text.size() - matches * from.size() + matches * to_size;
}

MarkedText replace(const MarkedText& text, std::string_view from, const MarkedText& to,
                   long count) {
  MarkedText result;
  std::size_t done = 0;
  each_match(text.bytes(), from, count, [&](std::size_t found) {
    result.append(text.slice(done, found));
    result.append(to);
    done = found + from.size();
  });
  result.append(text.slice(done, text.size()));
  return result;
}

std::string upper(std::string_view text) {
  return change_case(text, true);
}
std::string lower(std::string_view text) {
  return change_case(text, false);
}

MarkedText capitalized(const MarkedText& text) {
  if (text.empty()) return text;
  std::size_t first_end = 0;
  static_cast<void>(next_code_point(text.bytes(), first_end));
  MarkedText result = change_case(text, 0, first_end, true);
  result.append(change_case(text, first_end, text.size(), false));
  return result;
}

MarkedText titled(const MarkedText& text) {
  MarkedText result;
  bool is_inside = false;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin;
    const bool is_letter =
        (CharacterClassTable::instance()[next_code_point(text.bytes(), end)] & kLetter) != 0;
    result.append(change_case(text, begin, end, is_letter && !is_inside));
    is_inside = is_letter;
    begin = end;
  }
  return result;
}

std::size_t code_point_count(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::vector<std::size_t> code_point_starts(std::string_view text) {
  std::vector<std::size_t> starts;
  starts.reserve(text.size() + 1);
  for (std::size_t at = 0; at < text.size();) {
    starts.push_back(at);
    static_cast<void>(next_code_point(text, at));
  }
  starts.push_back(text.size());
  return starts;
}

}  // namespace ringmaster::jinja
