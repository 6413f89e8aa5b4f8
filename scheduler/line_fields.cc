#include "scheduler/line_fields.h"

#include <algorithm>
#include <charconv>

namespace ringmaster {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr std::size_t kHashDigits = 32;

template <class Number>
void append_number(std::string& line, Number value) {
  char buffer[32];
  line.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

void append_hex(std::string& line, std::uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) line += kHexDigits[value >> shift & 0xFU];
}

template <class Number>
bool parse_whole(std::string_view text, Number& value, int base = 10) {
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value, base);
  return !text.empty() && parsed.ec == std::errc() && parsed.ptr == end;
}

bool is_plain(char byte) {
  return byte > ' ' && byte <= '~' && byte != '%';
}

}  // namespace

void LineWriter::word(std::string_view text) {
  if (!line_.empty() && line_.back() != '\n') line_ += ' ';
  line_ += text;
}

void LineWriter::key(std::string_view name) {
  line_ += ' ';
  line_ += name;
  line_ += '=';
}

void LineWriter::number(std::string_view name, std::uint64_t value) {
  key(name);
  append_number(line_, value);
}

void LineWriter::integer(std::string_view name, std::int64_t value) {
  key(name);
  append_number(line_, value);
}

void LineWriter::real(std::string_view name, double value) {
  key(name);
  append_number(line_, value);
}

void LineWriter::text(std::string_view name, std::string_view value) {
  key(name);
  for (const char byte : value) {
    if (is_plain(byte)) {
      line_ += byte;
      continue;
    }
    const auto bits = static_cast<unsigned char>(byte);
    line_ += '%';
    line_ += kHexDigits[bits >> 4U];
    line_ += kHexDigits[bits & 0xFU];
  }
}

void LineWriter::blocks(std::string_view name, std::span<const BlockHash> value) {
  key(name);
  for (const BlockHash& block : value) {
    append_hex(line_, block.high);
    append_hex(line_, block.low);
  }
}

LineReader::LineReader(std::string_view line) {
  for (std::size_t begin = 0; begin < line.size();) {
    const std::size_t end = std::min(line.find(' ', begin), line.size());
    const std::string_view part = line.substr(begin, end - begin);
    begin = end + 1;
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      if (!fields_.empty()) refuse("'" + std::string(part.substr(0, 40)) + "': expected key=value");
      words_.push_back(part);
      continue;
    }
    const Field field{.key = part.substr(0, equals), .value = part.substr(equals + 1)};
    if (has(field.key)) refuse("field '" + std::string(field.key.substr(0, 40)) + "' comes twice");
    fields_.push_back(field);
  }
}

std::string_view LineReader::word() {
  return next_word_ < words_.size() ? words_[next_word_++] : std::string_view();
}

std::int64_t LineReader::integer_word() {
  const std::string_view text = word();
  std::int64_t value = 0;
  if (!parse_whole(text, value)) {
    refuse("'" + std::string(text.substr(0, 40)) + "': expected a whole number");
  }
  return value;
}

bool LineReader::has(std::string_view key) const {
  return std::ranges::count(fields_, key, &Field::key) > 0;
}

const std::string_view* LineReader::find(std::string_view key, bool is_optional) {
  const auto found = std::ranges::find(fields_, key, &Field::key);
  if (found != fields_.end()) {
    found->is_used = true;
    return &found->value;
  }
  if (!is_optional) refuse("field '" + std::string(key) + "' is missing");
  return nullptr;
}

std::uint64_t LineReader::number(std::string_view key, std::uint64_t max,
                                 std::optional<std::uint64_t> fallback) {
  const std::string_view* text = find(key, fallback.has_value());
  if (text == nullptr) return fallback.value_or(0);
  std::uint64_t value = 0;
  if (parse_whole(*text, value) && value <= max) return value;
  refuse(std::string(key) + ": expected a whole number of at most " + std::to_string(max));
  return 0;
}

std::int64_t LineReader::integer(std::string_view key, std::int64_t min, std::int64_t max,
                                 std::optional<std::int64_t> fallback) {
  const std::string_view* text = find(key, fallback.has_value());
  if (text == nullptr) return fallback.value_or(min);
  std::int64_t value = 0;
  if (parse_whole(*text, value) && value >= min && value <= max) return value;
  refuse(std::string(key) + ": expected a whole number from " + std::to_string(min) + " to " +
         std::to_string(max));
  return min;
}

double LineReader::real(std::string_view key, double min, double max) {
  const std::string_view* text = find(key, false);
  if (text == nullptr) return min;
  double value = 0.0;
  const char* end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data(), end, value);
  if (parsed.ec == std::errc() && parsed.ptr == end && value >= min && value <= max) return value;
  refuse(std::string(key) + ": expected a number from " + std::to_string(min) + " to " +
         std::to_string(max));
  return min;
}

std::string LineReader::text(std::string_view key) {
  const std::string_view* value = find(key, false);
  std::string decoded;
  for (std::size_t i = 0; value != nullptr && i < value->size(); ++i) {
    unsigned byte = static_cast<unsigned char>((*value)[i]);
    if (byte == '%') {
      if (!parse_whole(value->substr(std::min(i + 1, value->size()), 2), byte, 16) ||
          i + 2 >= value->size()) {
        refuse(std::string(key) + ": expected two hexadecimal digits after '%'");
        return {};
      }
      i += 2;
    }
    decoded += static_cast<char>(byte);
  }
  return decoded;
}

std::vector<BlockHash> LineReader::blocks(std::string_view key) {
  std::vector<BlockHash> hashes;
  const std::string_view* text = find(key, false);
  if (text == nullptr) return hashes;
  bool is_sound = text->size() % kHashDigits == 0;
  hashes.resize(text->size() / kHashDigits);
  for (std::size_t i = 0; is_sound && i < hashes.size(); ++i) {
    const std::string_view digits = text->substr(i * kHashDigits, kHashDigits);
    is_sound = parse_whole(digits.substr(0, 16), hashes[i].high, 16) &&
               parse_whole(digits.substr(16), hashes[i].low, 16);
  }
  if (is_sound) return hashes;
  refuse(std::string(key) + ": expected 32 hexadecimal digits for each block");
  return {};
}

std::size_t LineReader::choice(std::string_view key, std::span<const std::string_view> names,
                               bool is_optional) {
  const std::string_view* text = find(key, is_optional);
  if (text == nullptr) return 0;
  const auto found = std::ranges::find(names, *text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  std::string expected;
  for (const std::string_view name : names) {
    expected += (expected.empty() ? "" : ", ") + std::string(name);
  }
  refuse(std::string(key) + ": expected one of " + expected);
  return 0;
}

void LineReader::refuse(std::string problem) {
  if (problem_.empty()) problem_ = std::move(problem);
}

Status LineReader::finish() {
  if (next_word_ < words_.size()) {
    refuse("'" + std::string(words_[next_word_].substr(0, 40)) + "': expected key=value");
  }
  const auto unused = std::ranges::find(fields_, false, &Field::is_used);
  if (unused != fields_.end()) {
    refuse("unknown field '" + std::string(unused->key.substr(0, 40)) + "'");
  }
  if (problem_.empty()) return {};
  return invalid(problem_);
}

}  // namespace ringmaster
