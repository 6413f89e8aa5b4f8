// Expressions.

#include <algorithm>

#include "tokens/jinja/interpreter.h"
#include "tokens/jinja/print.h"

namespace ringmaster::jinja {
namespace {

/// What messages call an expression: the name it begins with.
std::string describe(const Expression& expression) {
  if (const auto* name = std::get_if<Name>(&expression.form)) return name->name;
  if (const auto* attribute = std::get_if<Attribute>(&expression.form)) {
    return describe(*attribute->object) + '.' + attribute->name;
  }
  if (const auto* subscript = std::get_if<Subscript>(&expression.form)) {
    const auto* index = std::get_if<Literal>(&subscript->index->form);
    return describe(*subscript->object) + '[' +
           (index == nullptr ? "..." : to_text(index->value).bytes()) + ']';
  }
  return "the value";
}

}  // namespace

Value Interpreter::evaluate(const Expression& expression, const Scope& scope) {
  if (!rendering_.charge(1, expression.line)) return {};
  if (++depth_ > kDepthMax) {
    rendering_.fail(expression.line, "must nest less deeply");
  }
  Value value = rendering_.has_failed() ? Value() : evaluate_form(expression, scope);
  --depth_;
  if (value.extent().depth > kValueDepthMax) {
    rendering_.fail(expression.line, "must nest lists and mappings at most " +
                                         std::to_string(kValueDepthMax) + " deep");
  }
  return rendering_.has_failed() ? Value() : value;
}

Value Interpreter::evaluate_form(const Expression& expression, const Scope& scope) {
  struct Visitor {
    Interpreter& self;
    int line;
    const Scope& scope;

    Value operator()(const Literal& form) const { return form.value; }
    Value operator()(const Name& form) const { return self.evaluate_name(form, scope); }
    Value operator()(const ListDisplay& form) const { return self.evaluate_list(form, scope); }
    Value operator()(const DictDisplay& form) const {
      return self.evaluate_dict(form, line, scope);
    }
    Value operator()(const Attribute& form) const {
      return self.evaluate_attribute(form, line, scope);
    }
    Value operator()(const Subscript& form) const {
      return self.evaluate_subscript(form, line, scope);
    }
    Value operator()(const Slice& form) const { return self.evaluate_slice(form, line, scope); }
    Value operator()(const Call& form) const { return self.evaluate_call(form, line, scope); }
    Value operator()(const Filter& form) const {
      return self.evaluate_filter(form, self.evaluate(*form.input, scope), line, scope);
    }
    Value operator()(const Test& form) const { return self.evaluate_test(form, line, scope); }
    Value operator()(const Unary& form) const { return self.evaluate_unary(form, line, scope); }
    Value operator()(const Binary& form) const { return self.evaluate_binary(form, line, scope); }
    Value operator()(const ComparisonChain& form) const {
      return self.evaluate_comparison(form, line, scope);
    }
    Value operator()(const Conditional& form) const {
      return self.evaluate_conditional(form, scope);
    }
  };
  return std::visit(Visitor{*this, expression.line, scope}, expression.form);
}

Value Interpreter::evaluate_name(const Name& name, const Scope& scope) const {
  if (const Value* found = scope.find(name.name)) return *found;
  if (has_function(rendering_, name.name)) return Callable{.name = name.name};
  return {};
}

Value Interpreter::evaluate_list(const ListDisplay& list, const Scope& scope) {
  std::vector<Value> items;
  for (const auto& item : list.items) items.push_back(evaluate(*item, scope));
  return list.is_tuple ? Value::tuple(std::move(items)) : Value(std::move(items));
}

Value Interpreter::evaluate_dict(const DictDisplay& dict, int line, const Scope& scope) {
  Dict result;
  for (const auto& [key_expression, value] : dict.items) {
    const Value key = evaluate(*key_expression, scope);
    if (key.text() == nullptr) {
      rendering_.fail(line, "must have strings as keys, is " + std::string(key.kind()));
      return {};
    }
    result.set(*key.text(), evaluate(*value, scope));
  }
  return result;
}

Value Interpreter::evaluate_attribute(const Attribute& attribute, int line, const Scope& scope) {
  const Value object = evaluate(*attribute.object, scope);
  if (object.is_undefined()) {
    rendering_.fail(line, '\'' + describe(*attribute.object) + "' is undefined, so it has no '" +
                              attribute.name + '\'');
    return {};
  }
  return attribute_of(object, attribute.name);
}

Value Interpreter::evaluate_subscript(const Subscript& subscript, int line, const Scope& scope) {
  const Value object = evaluate(*subscript.object, scope);
  const Value index = evaluate(*subscript.index, scope);
  if (object.is_undefined()) {
    rendering_.fail(line,
                    '\'' + describe(*subscript.object) + "' is undefined, so it has no items");
    return {};
  }
  return item_of({rendering_, line}, object, index);
}

Value Interpreter::evaluate_slice(const Slice& slice, int line, const Scope& scope) {
  const Value object = evaluate(*slice.object, scope);
  const auto part = [&](const ExpressionPtr& expression) {
    return expression ? evaluate(*expression, scope) : Value(None{});
  };
  const Value start = part(slice.start);
  const Value stop = part(slice.stop);
  const Value step = part(slice.step);
  return slice_of({rendering_, line}, object, &start, &stop, &step);
}

CallArguments Interpreter::evaluate_arguments(const Arguments& arguments, const Scope& scope) {
  CallArguments result;
  for (const auto& value : arguments.positional) {
    result.positional.push_back(evaluate(*value, scope));
  }
  for (const auto& [name, value] : arguments.named) {
    result.named.emplace_back(name, evaluate(*value, scope));
  }
  return result;
}

Value Interpreter::evaluate_call(const Call& call, int line, const Scope& scope) {
  const Value callee = evaluate(*call.callee, scope);
  const CallArguments arguments = evaluate_arguments(call.arguments, scope);
  if (rendering_.has_failed()) return {};
  const Callable* callable = callee.callable();
  if (callable == nullptr) {
    rendering_.fail(line, '\'' + describe(*call.callee) + "' must be a function, is " +
                              std::string(callee.kind()));
    return {};
  }
  if (callable->macro != nullptr) return call_macro(*callable->macro, arguments, line);
  const CallSite site{rendering_, line};
  return callable->self ? call_method(site, *callable->self, callable->name, arguments)
                        : call_function(site, callable->name, arguments);
}

Value Interpreter::call_macro(const MacroStatement& macro, const CallArguments& arguments,
                              int line) {
  if (arguments.positional.size() > macro.parameters.size()) {
    rendering_.fail(line, "macro '" + macro.name + "' must have at most " +
                              std::to_string(macro.parameters.size()) + " arguments");
    return {};
  }
  for (const auto& [name, value] : arguments.named) {
    const bool is_known =
        std::any_of(macro.parameters.begin(), macro.parameters.end(),
                    [&](const auto& parameter) { return parameter.first == name; });
    if (!is_known) {
      rendering_.fail(line,
                      "macro '" + macro.name + "' has no parameter '" + std::string(name) + '\'');
      return {};
    }
  }
  Scope scope(&globals_);
  for (std::size_t i = 0; i < macro.parameters.size(); ++i) {
    const auto& [name, otherwise] = macro.parameters[i];
    const Value* given = arguments.find(i, name);
    scope.set(name, given != nullptr ? *given : otherwise ? evaluate(*otherwise, scope) : Value());
  }
  MarkedText output;
  depth_ += kDepthPerMacro;
  execute(macro.body, scope, output);
  depth_ -= kDepthPerMacro;
  return rendering_.charge_text(output.size(), line) ? Value(std::move(output)) : Value();
}

Value Interpreter::evaluate_filter(const Filter& filter, Value input, int line,
                                   const Scope& scope) {
  const FilterFunction function = find_filter(filter.name);
  if (function == nullptr) {
    rendering_.fail(line, "there is no filter '" + filter.name + '\'');
    return {};
  }
  const CallArguments arguments = evaluate_arguments(filter.arguments, scope);
  if (rendering_.has_failed()) return {};
  return function({rendering_, line}, input, arguments);
}

Value Interpreter::evaluate_test(const Test& test, int line, const Scope& scope) {
  const Value input = evaluate(*test.input, scope);
  const TestFunction function = find_test(test.name);
  if (function == nullptr) {
    rendering_.fail(line, "there is no test '" + test.name + '\'');
    return {};
  }
  const CallArguments arguments = evaluate_arguments(test.arguments, scope);
  if (rendering_.has_failed()) return {};
  return function({rendering_, line}, input, arguments) != test.is_negated;
}

Value Interpreter::evaluate_unary(const Unary& unary, int line, const Scope& scope) {
  const Value operand = evaluate(*unary.operand, scope);
  if (unary.operation == UnaryOperator::kNot) return !operand.is_true();
  if (!operand.is_number()) {
    rendering_.fail(line, "must be a number behind a sign, is " + std::string(operand.kind()));
    return {};
  }
  if (unary.operation == UnaryOperator::kPlus) return operand;
  if (!operand.integer()) return -operand.number();
  return calculate({rendering_, line}, BinaryOperator::kSubtract, std::int64_t{0}, operand);
}

Value Interpreter::evaluate_binary(const Binary& binary, int line, const Scope& scope) {
  Value left = evaluate(*binary.left, scope);
  if (binary.operation == BinaryOperator::kAnd && !left.is_true()) return left;
  if (binary.operation == BinaryOperator::kOr && left.is_true()) return left;
  const Value right = evaluate(*binary.right, scope);
  if (binary.operation == BinaryOperator::kAnd || binary.operation == BinaryOperator::kOr) {
    return right;
  }
  if (rendering_.has_failed()) return {};
  return calculate({rendering_, line}, binary.operation, left, right);
}

bool Interpreter::holds(Comparison comparison, const Value& a, const Value& b, int line) {
  const CallSite site{rendering_, line};
  switch (comparison) {
    case Comparison::kIn:
      return contains(site, b, a);
    case Comparison::kNotIn:
      return !contains(site, b, a);
    case Comparison::kEqual:
    case Comparison::kNotEqual:
      return site.charge_comparison(a, b) && (a == b) == (comparison == Comparison::kEqual);
    default:
      break;
  }
  if (!site.charge_comparison(a, b)) return false;
  const auto order = compare(a, b);
  if (!order) {
    site.fail("must compare two numbers or two strings, has " + std::string(a.kind()) + " and " +
              std::string(b.kind()));
    return false;
  }
  switch (comparison) {
    case Comparison::kLess:
      return *order < 0;
    case Comparison::kLessEqual:
      return *order <= 0;
    case Comparison::kGreater:
      return *order > 0;
    default:
      return *order >= 0;
  }
}

Value Interpreter::evaluate_comparison(const ComparisonChain& chain, int line, const Scope& scope) {
  Value left = evaluate(*chain.first, scope);
  for (const auto& [comparison, operand] : chain.rest) {
    Value right = evaluate(*operand, scope);
    if (rendering_.has_failed() || !holds(comparison, left, right, line)) return false;
    left = std::move(right);
  }
  return true;
}

Value Interpreter::evaluate_conditional(const Conditional& conditional, const Scope& scope) {
  if (evaluate(*conditional.condition, scope).is_true()) return evaluate(*conditional.value, scope);
  return conditional.otherwise ? evaluate(*conditional.otherwise, scope) : Value();
}

}  // namespace ringmaster::jinja
