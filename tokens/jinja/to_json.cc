#include <algorithm>
#include <cmath>

#include "tokens/jinja/compound_values.h"
#include "tokens/jinja/print.h"
#include "tokens/utf8.h"

namespace ringmaster::jinja {
namespace {

class JsonWriter {
 public:
  explicit JsonWriter(const JsonStyle& style) : style_(style) {}

  /// False if the value has no JSON form.
  bool write(const Value& value) {
    if (value.text() != nullptr) {
      write_text(value.text()->bytes());
    } else if (value.list() != nullptr) {
      return write_list(*value.list());
    } else if (value.dict() != nullptr) {
      return write_dict(*value.dict());
    } else if (value.is_none()) {
      out_ += "null";
    } else if (value.boolean() != nullptr) {
      out_ += *value.boolean() ? "true" : "false";
    } else if (value.is_number()) {
      write_number(value);
    } else {
      return false;
    }
    return true;
  }

  std::string take() { return std::move(out_); }

 private:
  void write_number(const Value& value) {
    const double* number = value.floating();
    if (number == nullptr || std::isfinite(*number)) {
      out_ += to_text(value).bytes();
    } else {
      out_ += std::isnan(*number) ? "NaN" : *number < 0 ? "-Infinity" : "Infinity";
    }
  }

  void write_unit(std::uint32_t unit) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out_ += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out_ += kDigits[unit >> shift & 15U];
  }

  void write_text(std::string_view text) {
    out_ += '"';
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t begin = at;
      const char32_t code_point = next_code_point(text, at);
      constexpr std::string_view kShort = "\"\\\n\r\t\b\f";
      constexpr std::string_view kLetters = "\"\\nrtbf";
      const std::size_t known =
          code_point < 0x80 ? kShort.find(static_cast<char>(code_point)) : std::string_view::npos;
      if (known != std::string_view::npos) {
        out_ += '\\';
        out_ += kLetters[known];
      } else if (code_point < 0x20) {
        write_unit(code_point);
      } else if (style_.ensure_ascii && code_point >= 0x10000) {
        write_unit(0xD800U + ((code_point - 0x10000U) >> 10U));
        write_unit(0xDC00U + ((code_point - 0x10000U) & 0x3FFU));
      } else if (style_.ensure_ascii && code_point > 0x7F) {
        write_unit(code_point);
      } else {
        out_ += text.substr(begin, at - begin);
      }
    }
    out_ += '"';
  }

  void new_line() {
    if (style_.indent < 0) return;
    out_ += '\n';
    out_.append(static_cast<std::size_t>(style_.indent * level_), ' ');
  }

  void separate(bool is_first) {
    if (!is_first) out_ += style_.item_separator;
    new_line();
  }

  bool write_list(const std::vector<Value>& items) {
    if (items.empty()) {
      out_ += "[]";
      return true;
    }
    out_ += '[';
    ++level_;
    for (const Value& item : items) {
      separate(&item == items.data());
      if (!write(item)) return false;
    }
    --level_;
    new_line();
    out_ += ']';
    return true;
  }

  bool write_dict(const Dict& dict) {
    if (dict.entries().empty()) {
      out_ += "{}";
      return true;
    }
    std::vector<const Dict::Entry*> entries;
    for (const auto& entry : dict.entries()) entries.push_back(&entry);
    if (style_.sort_keys) {
      std::sort(entries.begin(), entries.end(),
                [](const auto* a, const auto* b) { return a->first.bytes() < b->first.bytes(); });
    }
    out_ += '{';
    ++level_;
    for (const Dict::Entry* entry : entries) {
      separate(entry == entries.front());
      write_text(entry->first.bytes());
      out_ += style_.key_separator;
      if (!write(entry->second)) return false;
    }
    --level_;
    new_line();
    out_ += '}';
    return true;
  }

  const JsonStyle& style_;
  std::string out_;
  int level_ = 0;
};

}  // namespace

std::optional<MarkedText> to_json(const Value& value, const JsonStyle& style) {
  JsonWriter writer(style);
  if (!writer.write(value)) return std::nullopt;
  const std::string text = writer.take();
  return value.extent().has_plain ? MarkedText::plain(text) : MarkedText::trusted(text);
}

}  // namespace ringmaster::jinja
