#include "tokens/jinja/expression_parser.h"

#include <array>
#include <optional>

namespace ringmaster::jinja {
namespace {

using Level = TokenStream::Level;

template <class Form>
ExpressionPtr make(int line, Form form) {
  return std::make_unique<const Expression>(Expression{line, std::move(form)});
}

ExpressionPtr parse_or(TokenStream& tokens);
ExpressionPtr parse_unary(TokenStream& tokens, bool with_filters);

Arguments parse_arguments(TokenStream& tokens) {
  Arguments arguments;
  tokens.expect_operator("(");
  while (!tokens.take_operator(")")) {
    if (tokens.problem()) break;
    if (tokens.is(Token::Kind::kName) && tokens.is_operator("=", 1)) {
      std::string name = tokens.next().text;
      tokens.next();
      arguments.named.emplace_back(std::move(name), parse_expression(tokens));
    } else if (!arguments.named.empty()) {
      tokens.must_be("a named argument, since one stands before it");
    } else {
      arguments.positional.push_back(parse_expression(tokens));
    }
    if (!tokens.is_operator(")")) tokens.expect_operator(",");
  }
  return arguments;
}

std::vector<ExpressionPtr> parse_items(TokenStream& tokens, std::string_view end) {
  std::vector<ExpressionPtr> items;
  while (!tokens.take_operator(end)) {
    if (tokens.problem()) break;
    items.push_back(parse_expression(tokens));
    if (!tokens.is_operator(end)) tokens.expect_operator(",");
  }
  return items;
}

ExpressionPtr parse_dict(TokenStream& tokens, int line) {
  DictDisplay dict;
  while (!tokens.take_operator("}")) {
    if (tokens.problem()) break;
    ExpressionPtr key = parse_expression(tokens);
    tokens.expect_operator(":");
    dict.items.emplace_back(std::move(key), parse_expression(tokens));
    if (!tokens.is_operator("}")) tokens.expect_operator(",");
  }
  return make(line, std::move(dict));
}

/// (a) is a; (a,), (a, b) and () are tuples.
ExpressionPtr parse_parentheses(TokenStream& tokens, int line) {
  if (tokens.take_operator(")")) return make(line, ListDisplay{{}, true});
  ExpressionPtr first = parse_expression(tokens);
  if (tokens.take_operator(")")) return first;
  tokens.expect_operator(",");
  ListDisplay list{parse_items(tokens, ")"), true};
  list.items.insert(list.items.begin(), std::move(first));
  return make(line, std::move(list));
}

ExpressionPtr parse_name(int line, std::string name) {
  if (name == "true" || name == "True") return make(line, Literal{Value(true)});
  if (name == "false" || name == "False") return make(line, Literal{Value(false)});
  if (name == "none" || name == "None") return make(line, Literal{Value(None{})});
  return make(line, Name{std::move(name)});
}

ExpressionPtr parse_primary(TokenStream& tokens) {
  const int line = tokens.line();
  switch (tokens.peek().kind) {
    case Token::Kind::kName:
      return parse_name(line, tokens.next().text);
    case Token::Kind::kInteger:
      return make(line, Literal{Value(tokens.next().integer)});
    case Token::Kind::kFloat:
      return make(line, Literal{Value(tokens.next().number)});
    case Token::Kind::kString: {
      std::string text;  // Neighbouring strings are one, as in Python.
      while (tokens.is(Token::Kind::kString)) text += tokens.next().text;
      return make(line, Literal{Value::trusted(text)});
    }
    default:
      break;
  }
  if (tokens.take_operator("(")) return parse_parentheses(tokens, line);
  if (tokens.take_operator("[")) return make(line, ListDisplay{parse_items(tokens, "]"), false});
  if (tokens.take_operator("{")) return parse_dict(tokens, line);
  tokens.must_be("an expression");
  return make(line, Literal{});
}

ExpressionPtr parse_subscript(TokenStream& tokens, ExpressionPtr object, int line) {
  ExpressionPtr start;
  if (!tokens.is_operator(":")) start = parse_expression(tokens);
  if (tokens.take_operator("]")) {
    return make(line, Subscript{std::move(object), std::move(start)});
  }
  Slice slice{std::move(object), std::move(start), nullptr, nullptr};
  tokens.expect_operator(":");
  if (!tokens.is_operator(":") && !tokens.is_operator("]")) slice.stop = parse_expression(tokens);
  if (tokens.take_operator(":") && !tokens.is_operator("]")) slice.step = parse_expression(tokens);
  tokens.expect_operator("]");
  return make(line, std::move(slice));
}

/// Attributes, subscripts and calls.
ExpressionPtr parse_postfix(TokenStream& tokens, ExpressionPtr object) {
  while (tokens.add_link()) {
    const int line = tokens.line();
    if (tokens.take_operator(".")) {
      if (tokens.is(Token::Kind::kInteger)) {
        object = make(
            line, Subscript{std::move(object), make(line, Literal{Value(tokens.next().integer)})});
      } else {
        std::string name = tokens.expect_identifier("an attribute's name");
        object = make(line, Attribute{std::move(object), std::move(name)});
      }
    } else if (tokens.take_operator("[")) {
      object = parse_subscript(tokens, std::move(object), line);
    } else if (tokens.is_operator("(")) {
      Arguments arguments = parse_arguments(tokens);
      object = make(line, Call{std::move(object), std::move(arguments)});
    } else {
      break;
    }
  }
  return object;
}

ExpressionPtr parse_filter(TokenStream& tokens, ExpressionPtr input) {
  const int line = tokens.line();
  Filter filter{std::move(input), tokens.expect_identifier("a filter's name"), {}};
  if (tokens.is_operator("(")) filter.arguments = parse_arguments(tokens);
  return make(line, std::move(filter));
}

/// Does what follows "is name" begin an argument without parentheses, as in "is divisibleby 3"?
bool begins_test_argument(const TokenStream& tokens) {
  switch (tokens.peek().kind) {
    case Token::Kind::kInteger:
    case Token::Kind::kFloat:
    case Token::Kind::kString:
      return true;
    case Token::Kind::kOperator:
      return tokens.is_operator("[") || tokens.is_operator("{");
    case Token::Kind::kName:
      break;
    default:
      return false;
  }
  static constexpr std::array<std::string_view, 7> kNotArguments{"else", "or",  "and", "is",
                                                                 "if",   "not", "in"};
  for (const std::string_view word : kNotArguments) {
    if (tokens.is_name(word)) return false;
  }
  return true;
}

ExpressionPtr parse_test(TokenStream& tokens, ExpressionPtr input) {
  const int line = tokens.line();
  Test test{std::move(input), {}, {}, tokens.take_name("not")};
  test.name = tokens.expect_identifier("a test's name");
  if (tokens.is_operator("(")) {
    test.arguments = parse_arguments(tokens);
  } else if (begins_test_argument(tokens)) {
    const Level level(tokens);
    test.arguments.positional.push_back(parse_postfix(tokens, parse_primary(tokens)));
  }
  return make(line, std::move(test));
}

ExpressionPtr parse_filters_and_tests(TokenStream& tokens, ExpressionPtr input) {
  while (tokens.add_link()) {
    const int line = tokens.line();
    if (tokens.take_operator("|")) {
      input = parse_filter(tokens, std::move(input));
    } else if (tokens.take_name("is")) {
      input = parse_test(tokens, std::move(input));
    } else if (tokens.is_operator("(")) {
      Arguments arguments = parse_arguments(tokens);
      input = make(line, Call{std::move(input), std::move(arguments)});
    } else {
      break;
    }
  }
  return input;
}

ExpressionPtr parse_unary(TokenStream& tokens, bool with_filters) {
  const Level level(tokens);
  const int line = tokens.line();
  ExpressionPtr result;
  if (tokens.take_operator("-")) {
    result = make(line, Unary{UnaryOperator::kMinus, parse_unary(tokens, false)});
  } else if (tokens.take_operator("+")) {
    result = make(line, Unary{UnaryOperator::kPlus, parse_unary(tokens, false)});
  } else {
    result = parse_primary(tokens);
  }
  result = parse_postfix(tokens, std::move(result));
  return with_filters ? parse_filters_and_tests(tokens, std::move(result)) : std::move(result);
}

struct OperatorName {
  std::string_view text;
  BinaryOperator operation;
};

/// operand (operator operand)*, from left to right.
template <std::size_t kCount, class ParseOperand>
ExpressionPtr parse_binary(TokenStream& tokens, const std::array<OperatorName, kCount>& operators,
                           ParseOperand parse_operand) {
  ExpressionPtr left = parse_operand(tokens);
  while (tokens.add_link()) {
    std::optional<BinaryOperator> operation;
    const int line = tokens.line();
    for (const OperatorName& name : operators) {
      if (!operation && tokens.take_operator(name.text)) operation = name.operation;
    }
    if (!operation) break;
    left = make(line, Binary{*operation, std::move(left), parse_operand(tokens)});
  }
  return left;
}

ExpressionPtr parse_power(TokenStream& tokens) {
  static constexpr std::array<OperatorName, 1> kOperators{{{"**", BinaryOperator::kPower}}};
  return parse_binary(tokens, kOperators, [](TokenStream& t) { return parse_unary(t, true); });
}

ExpressionPtr parse_product(TokenStream& tokens) {
  static constexpr std::array<OperatorName, 4> kOperators{{{"*", BinaryOperator::kMultiply},
                                                           {"/", BinaryOperator::kDivide},
                                                           {"//", BinaryOperator::kFloorDivide},
                                                           {"%", BinaryOperator::kModulo}}};
  return parse_binary(tokens, kOperators, parse_power);
}

ExpressionPtr parse_concatenation(TokenStream& tokens) {
  static constexpr std::array<OperatorName, 1> kOperators{{{"~", BinaryOperator::kConcatenate}}};
  return parse_binary(tokens, kOperators, parse_product);
}

ExpressionPtr parse_sum(TokenStream& tokens) {
  static constexpr std::array<OperatorName, 2> kOperators{
      {{"+", BinaryOperator::kAdd}, {"-", BinaryOperator::kSubtract}}};
  return parse_binary(tokens, kOperators, parse_concatenation);
}

std::optional<Comparison> take_comparison(TokenStream& tokens) {
  static constexpr std::array<std::pair<std::string_view, Comparison>, 6> kOperators{
      {{"==", Comparison::kEqual},
       {"!=", Comparison::kNotEqual},
       {"<=", Comparison::kLessEqual},
       {"<", Comparison::kLess},
       {">=", Comparison::kGreaterEqual},
       {">", Comparison::kGreater}}};
  for (const auto& [text, comparison] : kOperators) {
    if (tokens.take_operator(text)) return comparison;
  }
  if (tokens.take_name("in")) return Comparison::kIn;
  if (tokens.is_name("not") && tokens.is_name("in", 1)) {
    tokens.next();
    tokens.next();
    return Comparison::kNotIn;
  }
  return std::nullopt;
}

ExpressionPtr parse_comparison(TokenStream& tokens) {
  const int line = tokens.line();
  ComparisonChain chain{parse_sum(tokens), {}};
  while (const auto comparison = take_comparison(tokens)) {
    if (!tokens.add_link()) break;
    chain.rest.emplace_back(*comparison, parse_sum(tokens));
  }
  if (chain.rest.empty()) return std::move(chain.first);
  return make(line, std::move(chain));
}

ExpressionPtr parse_not(TokenStream& tokens) {
  const int line = tokens.line();
  if (!tokens.take_name("not")) return parse_comparison(tokens);
  const Level level(tokens);
  return make(line, Unary{UnaryOperator::kNot, parse_not(tokens)});
}

template <class ParseOperand>
ExpressionPtr parse_logical(TokenStream& tokens, std::string_view word, BinaryOperator operation,
                            ParseOperand parse_operand) {
  ExpressionPtr left = parse_operand(tokens);
  while (tokens.add_link()) {
    const int line = tokens.line();
    if (!tokens.take_name(word)) break;
    left = make(line, Binary{operation, std::move(left), parse_operand(tokens)});
  }
  return left;
}

ExpressionPtr parse_and(TokenStream& tokens) {
  return parse_logical(tokens, "and", BinaryOperator::kAnd, parse_not);
}

ExpressionPtr parse_or(TokenStream& tokens) {
  return parse_logical(tokens, "or", BinaryOperator::kOr, parse_and);
}

}  // namespace

ExpressionPtr parse_unconditional(TokenStream& tokens) {
  const Level level(tokens);
  return parse_or(tokens);
}

ExpressionPtr parse_expression(TokenStream& tokens) {
  const Level level(tokens);
  ExpressionPtr value = parse_or(tokens);
  while (tokens.add_link()) {
    const int line = tokens.line();
    if (!tokens.take_name("if")) break;
    ExpressionPtr condition = parse_or(tokens);
    ExpressionPtr otherwise;
    if (tokens.take_name("else")) otherwise = parse_expression(tokens);
    value = make(line, Conditional{std::move(condition), std::move(value), std::move(otherwise)});
  }
  return value;
}

ExpressionPtr parse_expression_list(TokenStream& tokens) {
  const int line = tokens.line();
  ExpressionPtr first = parse_expression(tokens);
  if (!tokens.is_operator(",")) return first;
  ListDisplay list{{}, true};
  list.items.push_back(std::move(first));
  while (tokens.take_operator(",") && !tokens.is(Token::Kind::kBlockEnd) &&
         !tokens.is(Token::Kind::kOutputEnd)) {
    list.items.push_back(parse_expression(tokens));
  }
  return make(line, std::move(list));
}

std::vector<ExpressionPtr> parse_filter_chain(TokenStream& tokens) {
  std::vector<ExpressionPtr> filters;
  do filters.push_back(parse_filter(tokens, nullptr));
  while (tokens.take_operator("|"));
  return filters;
}

}  // namespace ringmaster::jinja
