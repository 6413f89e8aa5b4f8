#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tokens/jinja/value.h"

namespace ringmaster::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<const Expression>;

struct Arguments {
  std::vector<ExpressionPtr> positional;
  std::vector<std::pair<std::string, ExpressionPtr>> named;
};

struct Literal {
  Value value;
};
struct Name {
  std::string name;
};
struct ListDisplay {  ///< [a, b], or (a, b)
  std::vector<ExpressionPtr> items;
  bool is_tuple = false;
};
struct DictDisplay {
  std::vector<std::pair<ExpressionPtr, ExpressionPtr>> items;
};
struct Attribute {  ///< object.name
  ExpressionPtr object;
  std::string name;
};
struct Subscript {  ///< object[index]
  ExpressionPtr object;
  ExpressionPtr index;
};
struct Slice {  ///< object[start:stop:step]; each part may be null.
  ExpressionPtr object;
  ExpressionPtr start;
  ExpressionPtr stop;
  ExpressionPtr step;
};
struct Call {
  ExpressionPtr callee;
  Arguments arguments;
};
struct Filter {  ///< input|name(arguments); a null input is the text of a filter block.
  ExpressionPtr input;
  std::string name;
  Arguments arguments;
};
struct Test {  ///< input is [not] name arguments
  ExpressionPtr input;
  std::string name;
  Arguments arguments;
  bool is_negated = false;
};
enum class UnaryOperator { kNot, kMinus, kPlus };
struct Unary {
  UnaryOperator operation;
  ExpressionPtr operand;
};
enum class BinaryOperator {
  kAnd,
  kOr,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kFloorDivide,
  kModulo,
  kPower,
  kConcatenate
};
struct Binary {
  BinaryOperator operation;
  ExpressionPtr left;
  ExpressionPtr right;
};
enum class Comparison {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kNotIn
};
struct ComparisonChain {  ///< a < b < c
  ExpressionPtr first;
  std::vector<std::pair<Comparison, ExpressionPtr>> rest;
};
struct Conditional {  ///< value if condition else otherwise; the last may be null.
  ExpressionPtr condition;
  ExpressionPtr value;
  ExpressionPtr otherwise;
};

struct Expression {
  int line = 1;
  std::variant<Literal, Name, ListDisplay, DictDisplay, Attribute, Subscript, Slice, Call, Filter,
               Test, Unary, Binary, ComparisonChain, Conditional>
      form;
};

}  // namespace ringmaster::jinja
