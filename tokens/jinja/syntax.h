#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tokens/jinja/expression.h"

namespace ringmaster::jinja {

struct Statement;
using Body = std::vector<Statement>;

struct TextStatement {
  std::string text;
};
struct OutputStatement {
  ExpressionPtr value;
};
struct IfStatement {
  std::vector<std::pair<ExpressionPtr, Body>> branches;
  Body otherwise;
};
struct ForStatement {
  std::vector<std::string> targets;
  ExpressionPtr iterable;
  ExpressionPtr filter;  ///< May be null.
  Body body;
  Body otherwise;
};
struct SetStatement {  ///< set a = v, set a, b = v, set ns.a = v, set a %}...{% endset
  std::vector<std::string> targets;
  std::string attribute;  ///< Of the one target, a namespace; else empty.
  ExpressionPtr value;    ///< Null for the block form; there, filters are applied to its text.
  std::vector<ExpressionPtr> filters;
  Body body;
};
struct MacroStatement {
  std::string name;
  std::vector<std::pair<std::string, ExpressionPtr>> parameters;  ///< Default may be null.
  Body body;
};
struct FilterStatement {
  std::vector<ExpressionPtr> filters;
  Body body;
};
struct BreakStatement {};
struct ContinueStatement {};

struct Statement {
  int line = 1;
  std::variant<TextStatement, OutputStatement, IfStatement, ForStatement, SetStatement,
               std::unique_ptr<const MacroStatement>, FilterStatement, BreakStatement,
               ContinueStatement>
      form;
};

/// A parsed template. Immutable.
struct Template {
  std::string name;
  Body body;
};

}  // namespace ringmaster::jinja
