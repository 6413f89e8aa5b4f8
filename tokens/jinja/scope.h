#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "tokens/jinja/value.h"

namespace ringmaster::jinja {

/// The variables of a template, a loop's turn, or a macro call; names that are not here are looked
/// for in the scope around it. The names must outlive it: they lie in the template or the context.
class Scope {
 public:
  explicit Scope(const Scope* outer = nullptr) : outer_(outer) {}

  void set(std::string_view name, Value value) {
    for (auto& variable : variables_) {
      if (variable.first == name) {
        variable.second = std::move(value);
        return;
      }
    }
    variables_.emplace_back(name, std::move(value));
  }

  /// Null if there is no such variable here or further out.
  [[nodiscard]] const Value* find(std::string_view name) const {
    for (const Scope* scope = this; scope != nullptr; scope = scope->outer_) {
      for (const auto& variable : scope->variables_) {
        if (variable.first == name) return &variable.second;
      }
    }
    return nullptr;
  }

 private:
  const Scope* outer_;
  std::vector<std::pair<std::string_view, Value>> variables_;
};

}  // namespace ringmaster::jinja
