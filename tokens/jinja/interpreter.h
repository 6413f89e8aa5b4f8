#pragma once

#include "tokens/jinja/builtins.h"
#include "tokens/jinja/rendering.h"
#include "tokens/jinja/scope.h"
#include "tokens/jinja/syntax.h"

namespace ringmaster::jinja {

/// Evaluates expressions and executes statements of one rendering.
///
/// Faults go to the Rendering; from then on everything is undefined and no loop goes on.
class Interpreter {
 public:
  Interpreter(Rendering& rendering, Scope& globals, std::size_t output_bytes_max)
      : rendering_(rendering), globals_(globals), output_bytes_max_(output_bytes_max) {}

  /// Appends what the statements print.
  void execute(const Body& body, Scope& scope, MarkedText& output) {
    static_cast<void>(execute_body(body, scope, output));
  }

  [[nodiscard]] Value evaluate(const Expression& expression, const Scope& scope);

 private:
  enum class Flow { kNext, kBreak, kContinue, kStop };

  /// Evaluations inside of each other: bounds the stack, some 1 KB each.
  static constexpr int kDepthMax = 1500;
  /// What a macro call counts for, with the statements that it may nest: 37 calls inside of each
  /// other are possible.
  static constexpr int kDepthPerMacro = 40;
  /// Nesting of lists and dicts: whatever walks through a value recurses that deep.
  static constexpr int kValueDepthMax = 200;

  Flow execute_body(const Body& body, Scope& scope, MarkedText& output);
  Flow execute_statement(const Statement& statement, Scope& scope, MarkedText& output);
  Flow execute_if(const IfStatement& statement, Scope& scope, MarkedText& output);
  Flow execute_for(const ForStatement& statement, int line, Scope& scope, MarkedText& output);
  void execute_set(const SetStatement& statement, int line, Scope& scope);
  /// Charges for so many more bytes of output; false, and a fault, if they are too many.
  bool makes_room(std::size_t bytes, int line, const MarkedText& output);
  void print(const Value& value, int line, MarkedText& output);
  bool assign(const std::vector<std::string>& targets, const Value& value, int line, Scope& scope);
  Value apply_filters(const std::vector<ExpressionPtr>& filters, Value value, const Scope& scope);

  Value evaluate_form(const Expression& expression, const Scope& scope);
  Value evaluate_name(const Name& name, const Scope& scope) const;
  Value evaluate_list(const ListDisplay& list, const Scope& scope);
  Value evaluate_dict(const DictDisplay& dict, int line, const Scope& scope);
  Value evaluate_attribute(const Attribute& attribute, int line, const Scope& scope);
  Value evaluate_subscript(const Subscript& subscript, int line, const Scope& scope);
  Value evaluate_slice(const Slice& slice, int line, const Scope& scope);
  Value evaluate_call(const Call& call, int line, const Scope& scope);
  Value evaluate_filter(const Filter& filter, Value input, int line, const Scope& scope);
  Value evaluate_test(const Test& test, int line, const Scope& scope);
  Value evaluate_unary(const Unary& unary, int line, const Scope& scope);
  Value evaluate_binary(const Binary& binary, int line, const Scope& scope);
  Value evaluate_comparison(const ComparisonChain& chain, int line, const Scope& scope);
  Value evaluate_conditional(const Conditional& conditional, const Scope& scope);
  bool holds(Comparison comparison, const Value& a, const Value& b, int line);

  CallArguments evaluate_arguments(const Arguments& arguments, const Scope& scope);
  Value call_macro(const MacroStatement& macro, const CallArguments& arguments, int line);

  Rendering& rendering_;
  Scope& globals_;
  std::size_t output_bytes_max_;
  int depth_ = 0;
  std::int64_t loop_depth_ = 0;
};

/// a + b, a * b and the like; a fault where Python would raise, or beyond 64 bits.
[[nodiscard]] Value calculate(const CallSite& site, BinaryOperator operation, const Value& a,
                              const Value& b);

}  // namespace ringmaster::jinja
