#include "tokens/jinja/parser.h"

#include <initializer_list>
#include <utility>

#include "tokens/jinja/expression_parser.h"
#include "tokens/jinja/lexer.h"
#include "tokens/jinja/token_stream.h"

namespace ringmaster::jinja {
namespace {

class Parser {
 public:
  Parser(std::vector<Token> tokens, std::string_view name) : tokens_(std::move(tokens), name) {}

  Result<Body> run() {
    Body body = parse_body({});
    if (tokens_.problem()) return invalid(*tokens_.problem());
    return body;
  }

 private:
  using Ends = std::initializer_list<std::string_view>;

  [[nodiscard]] bool is_at(const Ends& ends) const {
    for (const std::string_view end : ends) {
      if (tokens_.is(Token::Kind::kBlockBegin) && tokens_.is_name(end, 1)) return true;
    }
    return false;
  }

  /// Statements up to {% <one of ends>; the name of the end comes next.
  Body parse_body(const Ends& ends) {
    const TokenStream::Level level(tokens_);
    Body body;
    while (!tokens_.is(Token::Kind::kEnd)) {
      if (is_at(ends)) {
        tokens_.next();
        return body;
      }
      parse_statement(body);
    }
    if (ends.size() > 0) tokens_.must_be("{% " + std::string(*(ends.end() - 1)) + " %}");
    return body;
  }

  void end_block() { tokens_.expect(Token::Kind::kBlockEnd, "%}"); }

  template <class Form>
  void add(Body& body, int line, Form form) {
    body.push_back(Statement{line, std::move(form)});
  }

  void parse_statement(Body& body) {
    tokens_.begin_statement();
    const int line = tokens_.line();
    if (tokens_.is(Token::Kind::kText)) return add(body, line, TextStatement{tokens_.next().text});
    if (tokens_.is(Token::Kind::kOutputBegin)) {
      tokens_.next();
      add(body, line, OutputStatement{parse_expression_list(tokens_)});
      return tokens_.expect(Token::Kind::kOutputEnd, "}}");
    }
    tokens_.expect(Token::Kind::kBlockBegin, "text or a tag");
    parse_block(body, line);
  }

  void parse_block(Body& body, int line) {
    if (tokens_.take_name("if")) {
      add(body, line, parse_if());
    } else if (tokens_.take_name("for")) {
      add(body, line, parse_for());
    } else if (tokens_.take_name("set")) {
      add(body, line, parse_set());
    } else if (tokens_.take_name("macro")) {
      add(body, line, parse_macro());
    } else if (tokens_.take_name("filter")) {
      add(body, line, parse_filter_block());
    } else if (tokens_.take_name("generation")) {
      // Marks what the model said, for training; rendering is not changed by it.
      end_block();
      for (Statement& statement : parse_body({"endgeneration"})) {
        body.push_back(std::move(statement));
      }
      tokens_.expect_name("endgeneration");
    } else if (tokens_.is_name("break") || tokens_.is_name("continue")) {
      if (loops_ == 0) tokens_.fail("must be inside of a for loop: " + tokens_.peek().text);
      if (tokens_.next().text == "break") {
        add(body, line, BreakStatement{});
      } else {
        add(body, line, ContinueStatement{});
      }
    } else {
      tokens_.must_be("if, for, set, macro, filter, generation, raw, break or continue");
    }
    end_block();
  }

  IfStatement parse_if() {
    IfStatement statement;
    do {
      ExpressionPtr condition = parse_expression(tokens_);
      end_block();
      statement.branches.emplace_back(std::move(condition), parse_body({"elif", "else", "endif"}));
    } while (tokens_.take_name("elif"));
    if (tokens_.take_name("else")) {
      end_block();
      statement.otherwise = parse_body({"endif"});
    }
    tokens_.expect_name("endif");
    return statement;
  }

  std::vector<std::string> parse_targets() {
    std::vector<std::string> targets;
    const bool has_parenthesis = tokens_.take_operator("(");
    do targets.push_back(tokens_.expect_identifier("a variable's name"));
    while (tokens_.take_operator(",") && tokens_.is(Token::Kind::kName));
    if (has_parenthesis) tokens_.expect_operator(")");
    return targets;
  }

  ForStatement parse_for() {
    ForStatement statement;
    statement.targets = parse_targets();
    tokens_.expect_name("in");
    statement.iterable = parse_unconditional(tokens_);
    if (tokens_.take_name("if")) statement.filter = parse_expression(tokens_);
    if (tokens_.is_name("recursive")) tokens_.must_be("%}: recursive loops are not supported");
    end_block();
    ++loops_;
    statement.body = parse_body({"else", "endfor"});
    --loops_;
    if (tokens_.take_name("else")) {
      end_block();
      statement.otherwise = parse_body({"endfor"});
    }
    tokens_.expect_name("endfor");
    return statement;
  }

  SetStatement parse_set() {
    SetStatement statement;
    statement.targets = parse_targets();
    if (statement.targets.size() == 1 && tokens_.take_operator(".")) {
      statement.attribute = tokens_.expect_identifier("an attribute's name");
    }
    if (tokens_.take_operator("=")) {
      statement.value = parse_expression_list(tokens_);
      return statement;
    }
    if (tokens_.take_operator("|")) statement.filters = parse_filter_chain(tokens_);
    if (statement.targets.size() != 1) tokens_.must_be("'='");
    end_block();
    statement.body = parse_body({"endset"});
    tokens_.expect_name("endset");
    return statement;
  }

  std::unique_ptr<const MacroStatement> parse_macro() {
    auto macro = std::make_unique<MacroStatement>();
    macro->name = tokens_.expect_identifier("a macro's name");
    tokens_.expect_operator("(");
    while (!tokens_.take_operator(")")) {
      if (tokens_.problem()) break;
      std::string name = tokens_.expect_identifier("a parameter's name");
      ExpressionPtr otherwise;
      if (tokens_.take_operator("=")) otherwise = parse_expression(tokens_);
      macro->parameters.emplace_back(std::move(name), std::move(otherwise));
      if (!tokens_.is_operator(")")) tokens_.expect_operator(",");
    }
    end_block();
    const int loops = std::exchange(loops_, 0);
    macro->body = parse_body({"endmacro"});
    loops_ = loops;
    tokens_.expect_name("endmacro");
    return macro;
  }

  FilterStatement parse_filter_block() {
    FilterStatement statement;
    statement.filters = parse_filter_chain(tokens_);
    end_block();
    statement.body = parse_body({"endfilter"});
    tokens_.expect_name("endfilter");
    return statement;
  }

  TokenStream tokens_;
  int loops_ = 0;
};

}  // namespace

Result<std::shared_ptr<const Template>> parse_template(std::string_view source,
                                                       std::string_view name) {
  auto tokens = lex(source, name);
  if (!tokens) return tl::unexpected(std::move(tokens).error());
  auto body = Parser(std::move(*tokens), name).run();
  if (!body) return tl::unexpected(std::move(body).error());
  return std::make_shared<const Template>(Template{std::string(name), std::move(*body)});
}

}  // namespace ringmaster::jinja
