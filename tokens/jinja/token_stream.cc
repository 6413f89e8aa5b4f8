#include "tokens/jinja/token_stream.h"

#include <algorithm>

namespace ringmaster::jinja {
namespace {

std::string describe(const Token& token) {
  switch (token.kind) {
    case Token::Kind::kText:
      return "text";
    case Token::Kind::kOutputBegin:
      return "{{";
    case Token::Kind::kOutputEnd:
      return "}}";
    case Token::Kind::kBlockBegin:
      return "{%";
    case Token::Kind::kBlockEnd:
      return "%}";
    case Token::Kind::kString:
      return "a string";
    case Token::Kind::kEnd:
      return "the end of the template";
    default:
      return '\'' + token.text + '\'';
  }
}

}  // namespace

const Token& TokenStream::peek(std::size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

Token TokenStream::next() {
  const Token& token = peek();
  at_ = std::min(at_ + 1, tokens_.size() - 1);
  return token;
}

bool TokenStream::is_operator(std::string_view text, std::size_t ahead) const {
  return peek(ahead).kind == Token::Kind::kOperator && peek(ahead).text == text;
}

bool TokenStream::is_name(std::string_view text, std::size_t ahead) const {
  return peek(ahead).kind == Token::Kind::kName && peek(ahead).text == text;
}

bool TokenStream::take_operator(std::string_view text) {
  if (!is_operator(text)) return false;
  next();
  return true;
}

bool TokenStream::take_name(std::string_view text) {
  if (!is_name(text)) return false;
  next();
  return true;
}

void TokenStream::expect_operator(std::string_view text) {
  if (!take_operator(text)) must_be('\'' + std::string(text) + '\'');
}

void TokenStream::expect_name(std::string_view text) {
  if (!take_name(text)) must_be('\'' + std::string(text) + '\'');
}

void TokenStream::expect(Token::Kind kind, std::string_view description) {
  if (is(kind)) {
    next();
  } else {
    must_be(description);
  }
}

std::string TokenStream::expect_identifier(std::string_view description) {
  if (is(Token::Kind::kName)) return next().text;
  must_be(description);
  return {};
}

void TokenStream::must_be(std::string_view expectation) {
  fail("must be " + std::string(expectation) + ", is " + describe(peek()));
}

void TokenStream::fail(std::string_view problem) {
  if (!problem_) problem_ = name_ + ':' + std::to_string(line()) + ": " + std::string(problem);
  at_ = tokens_.size() - 1;
}

bool TokenStream::add_link() {
  if (++links_ <= kLinksMax) return true;
  fail("must have at most " + std::to_string(kLinksMax) + " operators in one statement");
  return false;
}

TokenStream::Level::Level(TokenStream& stream) : stream_(stream) {
  if (++stream_.nesting_ > kNestingMax) {
    stream_.fail("must nest at most " + std::to_string(kNestingMax) + " levels");
  }
}

}  // namespace ringmaster::jinja
