// Statements.

#include "tokens/jinja/interpreter.h"
#include "tokens/jinja/print.h"

namespace ringmaster::jinja {

Interpreter::Flow Interpreter::execute_body(const Body& body, Scope& scope, MarkedText& output) {
  for (const Statement& statement : body) {
    if (!rendering_.charge(1, statement.line)) return Flow::kStop;
    const Flow flow = execute_statement(statement, scope, output);
    if (rendering_.has_failed()) return Flow::kStop;
    if (flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

Interpreter::Flow Interpreter::execute_statement(const Statement& statement, Scope& scope,
                                                 MarkedText& output) {
  const int line = statement.line;
  if (const auto* text = std::get_if<TextStatement>(&statement.form)) {
    if (makes_room(text->text.size(), line, output)) output.append_trusted(text->text);
  } else if (const auto* out = std::get_if<OutputStatement>(&statement.form)) {
    print(evaluate(*out->value, scope), line, output);
  } else if (const auto* branch = std::get_if<IfStatement>(&statement.form)) {
    return execute_if(*branch, scope, output);
  } else if (const auto* loop = std::get_if<ForStatement>(&statement.form)) {
    return execute_for(*loop, line, scope, output);
  } else if (const auto* set = std::get_if<SetStatement>(&statement.form)) {
    execute_set(*set, line, scope);
  } else if (const auto* macro =
                 std::get_if<std::unique_ptr<const MacroStatement>>(&statement.form)) {
    scope.set((*macro)->name, Callable{.name = (*macro)->name, .macro = macro->get()});
  } else if (const auto* filter = std::get_if<FilterStatement>(&statement.form)) {
    MarkedText printed;
    Scope inner(&scope);
    const Flow flow = execute_body(filter->body, inner, printed);
    print(apply_filters(filter->filters, std::move(printed), scope), line, output);
    return flow;
  } else if (std::holds_alternative<BreakStatement>(statement.form)) {
    return Flow::kBreak;
  } else {
    return Flow::kContinue;
  }
  return Flow::kNext;
}

bool Interpreter::makes_room(std::size_t bytes, int line, const MarkedText& output) {
  if (output.size() + bytes > output_bytes_max_) {
    rendering_.fail(line, "must print at most " + std::to_string(output_bytes_max_) + " bytes");
    return false;
  }
  return rendering_.charge_text(bytes, line);
}

void Interpreter::print(const Value& value, int line, MarkedText& output) {
  if (makes_room(value.extent().size, line, output)) output.append(to_text(value));
}

Interpreter::Flow Interpreter::execute_if(const IfStatement& statement, Scope& scope,
                                          MarkedText& output) {
  for (const auto& [condition, body] : statement.branches) {
    if (evaluate(*condition, scope).is_true()) return execute_body(body, scope, output);
    if (rendering_.has_failed()) return Flow::kStop;
  }
  return execute_body(statement.otherwise, scope, output);
}

Interpreter::Flow Interpreter::execute_for(const ForStatement& statement, int line, Scope& scope,
                                           MarkedText& output) {
  auto items = items_of({rendering_, line}, evaluate(*statement.iterable, scope));
  if (!items) return Flow::kStop;
  if (statement.filter) {
    std::vector<Value> kept;
    for (Value& item : *items) {
      Scope inner(&scope);
      if (!assign(statement.targets, item, line, inner)) return Flow::kStop;
      if (evaluate(*statement.filter, inner).is_true()) kept.push_back(std::move(item));
      if (rendering_.has_failed()) return Flow::kStop;
    }
    items = std::move(kept);
  }
  if (items->empty()) {
    Scope inner(&scope);
    return execute_body(statement.otherwise, inner, output);
  }
  ++loop_depth_;
  Flow flow = Flow::kNext;
  for (std::size_t i = 0; i < items->size() && flow != Flow::kBreak && flow != Flow::kStop; ++i) {
    Scope inner(&scope);
    if (!assign(statement.targets, (*items)[i], line, inner)) {
      flow = Flow::kStop;
      break;
    }
    inner.set("loop", LoopState{.index0 = static_cast<std::int64_t>(i),
                                .length = static_cast<std::int64_t>(items->size()),
                                .depth = loop_depth_,
                                .previous = i > 0 ? (*items)[i - 1] : Value(),
                                .next = i + 1 < items->size() ? (*items)[i + 1] : Value()});
    flow = execute_body(statement.body, inner, output);
  }
  --loop_depth_;
  return flow == Flow::kStop ? Flow::kStop : Flow::kNext;
}

bool Interpreter::assign(const std::vector<std::string>& targets, const Value& value, int line,
                         Scope& scope) {
  if (targets.size() == 1) {
    scope.set(targets.front(), value);
    return true;
  }
  const auto parts = items_of({rendering_, line}, value);
  if (!parts || parts->size() != targets.size()) {
    rendering_.fail(line, "must have " + std::to_string(targets.size()) + " values to unpack");
    return false;
  }
  for (std::size_t i = 0; i < targets.size(); ++i) scope.set(targets[i], (*parts)[i]);
  return true;
}

Value Interpreter::apply_filters(const std::vector<ExpressionPtr>& filters, Value value,
                                 const Scope& scope) {
  for (const ExpressionPtr& filter : filters) {
    value = evaluate_filter(std::get<Filter>(filter->form), std::move(value), filter->line, scope);
  }
  return value;
}

void Interpreter::execute_set(const SetStatement& statement, int line, Scope& scope) {
  Value value;
  if (statement.value) {
    value = evaluate(*statement.value, scope);
  } else {
    MarkedText text;
    Scope inner(&scope);
    execute(statement.body, inner, text);
    value = apply_filters(statement.filters, std::move(text), scope);
  }
  if (rendering_.has_failed()) return;
  if (statement.attribute.empty()) {
    assign(statement.targets, value, line, scope);
    return;
  }
  const Value* target = scope.find(statement.targets.front());
  if (target == nullptr || target->space() == nullptr) {
    rendering_.fail(line, "must set attributes of a namespace only: '" + statement.targets.front() +
                              "' is " +
                              std::string(target == nullptr ? "undefined" : target->kind()));
    return;
  }
  target->space()->attributes.set(MarkedText::trusted(statement.attribute), std::move(value));
}

}  // namespace ringmaster::jinja
