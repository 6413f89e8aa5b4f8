#include "tokens/jinja/lexer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <string>

#include "tokens/utf8.h"

namespace ringmaster::jinja {
namespace {

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_name_part(char c) {
  return is_name_start(c) || is_digit(c);
}

std::string with_plain_line_breaks(std::string_view source) {
  std::string result;
  result.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      result += source[i];
    } else if (i + 1 == source.size() || source[i + 1] != '\n') {
      result += '\n';
    }
  }
  if (result.ends_with('\n')) result.pop_back();
  return result;
}

class Lexer {
 public:
  Lexer(std::string_view source, std::string_view name)
      : source_(with_plain_line_breaks(source)), rest_(source_), name_(name) {}

  Result<std::vector<Token>> run() {
    if (!is_valid_utf8(source_)) return invalid(std::string(name_) + ": must be UTF-8");
    while (!problem_ && !rest_.empty()) lex_outside();
    if (problem_) return invalid(*problem_);
    add(Token::Kind::kEnd);
    return std::move(tokens_);
  }

 private:
  void fail(const std::string& message) {
    if (!problem_) problem_ = std::string(name_) + ':' + std::to_string(line_) + ": " + message;
  }

  Token& add(Token::Kind kind, std::string text = {}) {
    tokens_.push_back({.kind = kind, .line = line_, .text = std::move(text)});
    return tokens_.back();
  }

  std::string_view take(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    line_ += static_cast<int>(std::count(taken.begin(), taken.end(), '\n'));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  void skip_space() {
    std::size_t size = 0;
    while (size < rest_.size() && is_space(rest_[size])) ++size;
    take(size);
  }

  /// What a tag does to the text before it, by the sign behind its opening.
  std::string_view controlled(std::string_view text, char sign, bool is_output) {
    std::size_t end = text.size();
    if (sign == '-') {
      while (end > 0 && is_space(text[end - 1])) --end;
    } else if (!is_output && sign != '+') {
      // lstrip_blocks: only if nothing but white space is before the tag on its line.
      while (end > 0 && is_space(text[end - 1]) && text[end - 1] != '\n') --end;
      const std::size_t place = static_cast<std::size_t>(text.data() - source_.data()) + end;
      if (place > 0 && source_[place - 1] != '\n') end = text.size();
    }
    return text.substr(0, end);
  }

  /// What a tag does to the text behind it.
  void close_tag(char sign, bool is_output) {
    if (sign == '-') {
      skip_space();
    } else if (!is_output && sign != '+' && rest_.starts_with('\n')) {
      take(1);  // trim_blocks
    }
  }

  void lex_outside() {
    std::size_t tag = 0;
    for (;; ++tag) {
      tag = std::min(rest_.find('{', tag), rest_.size());
      if (tag + 1 >= rest_.size()) {
        add(Token::Kind::kText, std::string(take(rest_.size())));
        return;
      }
      if (std::string_view("{%#").find(rest_[tag + 1]) != std::string_view::npos) break;
    }
    const char type = rest_[tag + 1];
    const char next = tag + 2 < rest_.size() ? rest_[tag + 2] : '\0';
    const char sign = next == '-' || next == '+' ? next : '\0';
    const std::string_view text = controlled(rest_.substr(0, tag), sign, type == '{');
    if (!text.empty()) add(Token::Kind::kText, std::string(text));
    take(tag + (sign == '\0' ? 2 : 3));
    if (type == '#') return skip_comment();
    if (type == '%' && lex_raw()) return;
    add(type == '{' ? Token::Kind::kOutputBegin : Token::Kind::kBlockBegin);
    lex_inside(type == '{');
  }

  void skip_comment() {
    const std::size_t end = rest_.find("#}");
    if (end == std::string_view::npos) return fail("must close the comment with #}");
    const char sign = end > 0 ? rest_[end - 1] : '\0';
    take(end + 2);
    close_tag(sign == '-' || sign == '+' ? sign : '\0', false);
  }

  /// Reads a word and the end of a tag, if that is what is there: its size and closing sign.
  static std::optional<std::pair<std::size_t, char>> lone_word(std::string_view text,
                                                               std::string_view word) {
    std::size_t at = 0;
    const auto skip = [&] {
      while (at < text.size() && is_space(text[at])) ++at;
    };
    skip();
    if (!text.substr(at).starts_with(word)) return std::nullopt;
    at += word.size();
    skip();
    char sign = '\0';
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) sign = text[at++];
    if (!text.substr(at).starts_with("%}")) return std::nullopt;
    return std::pair(at + 2, sign);
  }

  /// {% raw %} ... {% endraw %}, from behind the first {%.
  bool lex_raw() {
    const auto begin = lone_word(rest_, "raw");
    if (!begin) return false;
    take(begin->first);
    if (begin->second == '-') skip_space();
    for (std::size_t tag = rest_.find("{%"); tag != std::string_view::npos;
         tag = rest_.find("{%", tag + 2)) {
      std::size_t word = tag + 2;
      char sign = '\0';
      if (word < rest_.size() && (rest_[word] == '-' || rest_[word] == '+')) sign = rest_[word++];
      const auto end = lone_word(rest_.substr(word), "endraw");
      if (!end) continue;
      const std::string_view text = controlled(rest_.substr(0, tag), sign, false);
      if (!text.empty()) add(Token::Kind::kText, std::string(text));
      take(word + end->first);
      close_tag(end->second, false);
      return true;
    }
    fail("must close {% raw %} with {% endraw %}");
    return true;
  }

  void lex_inside(bool is_output) {
    const std::string_view end = is_output ? "}}" : "%}";
    std::string open;  // Brackets that wait for their partners.
    for (;;) {
      skip_space();
      if (problem_) return;
      if (rest_.empty()) return fail("must close the tag with " + std::string(end));
      if (open.empty()) {
        const char sign = rest_[0] == '-' || rest_[0] == '+' ? rest_[0] : '\0';
        if (rest_.substr(sign == '\0' ? 0 : 1).starts_with(end)) {
          add(is_output ? Token::Kind::kOutputEnd : Token::Kind::kBlockEnd);
          take(sign == '\0' ? 2 : 3);
          return close_tag(sign, is_output);
        }
      }
      const char first = rest_[0];
      if (is_name_start(first)) {
        std::size_t size = 1;
        while (size < rest_.size() && is_name_part(rest_[size])) ++size;
        add(Token::Kind::kName, std::string(rest_.substr(0, size)));
        take(size);
      } else if (is_digit(first)) {
        lex_number();
      } else if (first == '\'' || first == '"') {
        lex_string(first);
      } else {
        lex_operator(open);
      }
    }
  }

  void lex_number() {
    std::string digits;
    std::size_t size = 0;
    bool is_float = false;
    const auto take_digits = [&] {
      for (; size < rest_.size() && (is_digit(rest_[size]) || rest_[size] == '_'); ++size) {
        if (rest_[size] != '_') digits += rest_[size];
      }
    };
    take_digits();
    if (size + 1 < rest_.size() && rest_[size] == '.' && is_digit(rest_[size + 1])) {
      is_float = true;
      digits += rest_[size++];
      take_digits();
    }
    if (size + 1 < rest_.size() && (rest_[size] == 'e' || rest_[size] == 'E')) {
      const std::size_t sign = rest_[size + 1] == '-' || rest_[size + 1] == '+' ? 1 : 0;
      if (size + 1 + sign < rest_.size() && is_digit(rest_[size + 1 + sign])) {
        is_float = true;
        digits += rest_.substr(size, 1 + sign);
        size += 1 + sign;
        take_digits();
      }
    }
    Token& token = add(is_float ? Token::Kind::kFloat : Token::Kind::kInteger, digits);
    const char* last = digits.data() + digits.size();
    // from_chars refuses a plus sign in the exponent only at the very front, so this is complete.
    const auto result = is_float ? std::from_chars(digits.data(), last, token.number)
                                 : std::from_chars(digits.data(), last, token.integer);
    if (result.ec != std::errc{} || result.ptr != last) fail("must be a smaller number: " + digits);
    take(size);
  }

  void lex_string(char quote) {
    std::string text;
    for (std::size_t at = 1; at < rest_.size(); ++at) {
      const char c = rest_[at];
      if (c == quote) {
        add(Token::Kind::kString, std::move(text));
        take(at + 1);
        return;
      }
      if (c == '\\' && at + 1 < rest_.size()) {
        at += escape(rest_.substr(at + 1), text);
      } else {
        text += c;
      }
    }
    fail("must close the string");
  }

  /// Appends what the escape behind a backslash means; returns its size. As in Python, a backslash
  /// before anything unknown stands for itself.
  std::size_t escape(std::string_view rest, std::string& text) {
    constexpr std::string_view kNames = "nrtabfv\\'\"0";
    constexpr std::string_view kMeanings("\n\r\t\a\b\f\v\\'\"\0", 11);
    const std::size_t known = kNames.find(rest[0]);
    if (known != std::string_view::npos) {
      text += kMeanings[known];
      return 1;
    }
    if (rest[0] == '\n') return 1;
    const std::size_t digits = rest[0] == 'x' ? 2 : rest[0] == 'u' ? 4 : rest[0] == 'U' ? 8 : 0;
    std::uint32_t code_point = 0;
    const std::string_view hex = rest.substr(1, digits);
    const auto result = std::from_chars(hex.data(), hex.data() + hex.size(), code_point, 16);
    if (digits == 0) {
      text += '\\';
      return 0;
    }
    if (hex.size() != digits || result.ptr != hex.data() + digits || code_point > 0x10FFFF ||
        (code_point >= 0xD800 && code_point < 0xE000)) {
      fail("must be an escape of a code point: \\" + std::string(rest.substr(0, 1)));
      return 1;
    }
    append_utf8(text, code_point);
    return 1 + digits;
  }

  void lex_operator(std::string& open) {
    static constexpr std::array<std::string_view, 24> kOperators{
        "**", "//", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~",
        "<",  ">",  "=",  ".",  ":",  "|",  ",", "(", ")", "[", "]", "{"};
    for (const std::string_view name : kOperators) {
      if (!rest_.starts_with(name)) continue;
      if (name == "(" || name == "[" || name == "{") open += name;
      if ((name == ")" || name == "]") && !close(open, name == ")" ? '(' : '[')) return;
      add(Token::Kind::kOperator, std::string(name));
      take(name.size());
      return;
    }
    if (rest_[0] == '}') {
      if (!close(open, '{')) return;
      add(Token::Kind::kOperator, "}");
      take(1);
      return;
    }
    const std::size_t size = utf8_step(rest_).size;
    fail("must be an expression, is '" + std::string(rest_.substr(0, size)) + '\'');
  }

  bool close(std::string& open, char opening) {
    if (open.empty() || open.back() != opening) {
      fail("must open the bracket that '" + std::string(rest_.substr(0, 1)) + "' closes");
      return false;
    }
    open.pop_back();
    return true;
  }

  std::string source_;
  std::string_view rest_;
  std::string_view name_;
  int line_ = 1;
  std::optional<std::string> problem_;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> lex(std::string_view source, std::string_view name) {
  return Lexer(source, name).run();
}

}  // namespace ringmaster::jinja
