#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokens/jinja/token.h"

namespace ringmaster::jinja {

/// Where the parser stands in the tokens, and the first fault it found.
///
/// After a fault the stream is at its end for ever, so every loop of the parser ends soon; what was
/// parsed is thrown away.
class TokenStream {
 public:
  /// Nesting that a template may have, in brackets and in blocks together: it bounds the stack.
  static constexpr int kNestingMax = 60;
  /// Operators, filters and attributes of one statement; each may nest its tree by one.
  static constexpr int kLinksMax = 1000;

  TokenStream(std::vector<Token> tokens, std::string_view name)
      : tokens_(std::move(tokens)), name_(name) {}

  [[nodiscard]] const Token& peek(std::size_t ahead = 0) const;
  [[nodiscard]] int line() const { return peek().line; }
  Token next();

  [[nodiscard]] bool is(Token::Kind kind) const { return peek().kind == kind; }
  [[nodiscard]] bool is_operator(std::string_view text, std::size_t ahead = 0) const;
  [[nodiscard]] bool is_name(std::string_view text, std::size_t ahead = 0) const;

  /// Takes the token if it is this one.
  bool take_operator(std::string_view text);
  bool take_name(std::string_view text);

  /// Takes the token, or adds a fault.
  void expect_operator(std::string_view text);
  void expect_name(std::string_view text);
  void expect(Token::Kind kind, std::string_view description);
  std::string expect_identifier(std::string_view description);

  /// Adds a fault at the present line: "must be <expectation>, is <token>".
  void must_be(std::string_view expectation);
  void fail(std::string_view problem);

  [[nodiscard]] const std::optional<std::string>& problem() const { return problem_; }

  void begin_statement() { links_ = 0; }

  /// Counts an operator; false, and a fault, when the statement has too many.
  bool add_link();

  /// One level of nesting, for as long as it lives.
  class Level {
   public:
    explicit Level(TokenStream& stream);
    ~Level() { --stream_.nesting_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    TokenStream& stream_;
  };

 private:
  std::vector<Token> tokens_;
  std::string name_;
  std::size_t at_ = 0;
  int nesting_ = 0;
  int links_ = 0;
  std::optional<std::string> problem_;
};

}  // namespace ringmaster::jinja
