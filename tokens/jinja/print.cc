#include "tokens/jinja/print.h"

#include <charconv>
#include <cmath>

#include "tokens/jinja/compound_values.h"

namespace ringmaster::jinja {
namespace {

void append_repr(const Value& value, std::string& out);

void append_text_repr(std::string_view text, std::string& out) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  out += quote;
  for (const char c : text) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\x";
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 15U];
    } else {
      out += c;
    }
  }
  out += quote;
}

void append_list_repr(const std::vector<Value>& items, bool is_tuple, std::string& out) {
  out += is_tuple ? '(' : '[';
  for (const Value& item : items) {
    if (&item != items.data()) out += ", ";
    append_repr(item, out);
  }
  if (is_tuple && items.size() == 1) out += ',';
  out += is_tuple ? ')' : ']';
}

void append_dict_repr(const Dict& dict, std::string& out) {
  out += '{';
  for (const auto& entry : dict.entries()) {
    if (&entry != dict.entries().data()) out += ", ";
    append_text_repr(entry.first.bytes(), out);
    out += ": ";
    append_repr(entry.second, out);
  }
  out += '}';
}

void append_repr(const Value& value, std::string& out) {
  if (value.text() != nullptr) return append_text_repr(value.text()->bytes(), out);
  if (value.list() != nullptr) return append_list_repr(*value.list(), value.is_tuple(), out);
  if (value.dict() != nullptr) return append_dict_repr(*value.dict(), out);
  if (value.is_undefined()) {
    out += "Undefined";
  } else {
    out += to_text(value).bytes();
  }
}

}  // namespace

std::string float_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  const double size = std::abs(number);
  const bool has_exponent = size != 0.0 && (size < 1e-4 || size >= 1e16);
  // 330: the digits of the largest double.
  std::string text(360, '\0');
  const auto result =
      std::to_chars(text.data(), text.data() + text.size(), number,
                    has_exponent ? std::chars_format::scientific : std::chars_format::fixed);
  text.resize(static_cast<std::size_t>(result.ptr - text.data()));
  if (!has_exponent && text.find('.') == std::string::npos) text += ".0";
  return text;
}

MarkedText to_text(const Value& value) {
  if (value.text() != nullptr) return *value.text();
  if (value.is_undefined()) return {};
  if (value.is_none()) return MarkedText::trusted("None");
  if (value.boolean() != nullptr) return MarkedText::trusted(*value.boolean() ? "True" : "False");
  if (value.floating() != nullptr) return MarkedText::trusted(float_text(*value.floating()));
  if (value.integer()) return MarkedText::trusted(std::to_string(*value.integer()));
  std::string out;
  if (value.list() != nullptr) {
    append_list_repr(*value.list(), value.is_tuple(), out);
  } else if (value.dict() != nullptr) {
    append_dict_repr(*value.dict(), out);
  } else {
    out = '<' + std::string(value.kind()) + '>';
  }
  return value.extent().has_plain ? MarkedText::plain(out) : MarkedText::trusted(out);
}

}  // namespace ringmaster::jinja
