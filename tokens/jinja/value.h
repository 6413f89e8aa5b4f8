#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tokens/marked_text.h"

namespace ringmaster::jinja {

class Value;
class Dict;
struct ListItems;
struct LoopState;
struct Callable;
struct Namespace;

struct Undefined {};
struct None {};

/// What is known of a value without walking through it. Lists can share their parts, and a walk
/// through one that holds itself twice, so nested 60 times, would not end.
struct Extent {
  int depth = 0;           ///< How deeply lists and dicts are nested in it.
  std::uint64_t size = 8;  ///< About how many bytes it takes to print; at most 2^62.
  bool has_plain = false;  ///< Does any text in it come from the request?

  /// Takes a part of a list or dict in.
  void add(const Extent& part);
};

/// A value of a template, with the meaning that Python gives it.
///
/// Cheap to copy: texts, lists and dicts are shared and never change. A namespace, the one thing
/// that changes, belongs to the rendering and not to the values that name it, so nothing can own
/// itself.
class Value {
 public:
  Value() = default;  ///< Undefined.
  Value(None none) : data_(none) {}
  Value(bool boolean) : data_(boolean) {}
  Value(std::int64_t integer) : data_(integer) {}
  Value(double number) : data_(number) {}
  Value(MarkedText text);
  Value(std::vector<Value> items);
  Value(Dict dict);
  Value(LoopState loop);
  Value(Callable callable);
  Value(Namespace* space) : data_(space) {}
  Value(const char*) = delete;  // Would be a boolean.

  /// A text of the template's own.
  [[nodiscard]] static Value trusted(std::string_view text) { return MarkedText::trusted(text); }
  /// A list that is spelled with parentheses and, as in Python, is no equal of one with brackets.
  [[nodiscard]] static Value tuple(std::vector<Value> items);
  /// A text of the request.
  [[nodiscard]] static Value plain(std::string_view text) { return MarkedText::plain(text); }

  [[nodiscard]] bool is_undefined() const { return is<Undefined>(); }
  [[nodiscard]] bool is_none() const { return is<None>(); }
  /// Integers, floats and, as in Python, booleans.
  [[nodiscard]] bool is_number() const;

  /// Null where the value is of another kind.
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&data_); }
  [[nodiscard]] const double* floating() const { return std::get_if<double>(&data_); }
  [[nodiscard]] const MarkedText* text() const { return shared<const MarkedText>(); }
  [[nodiscard]] const std::vector<Value>* list() const;
  [[nodiscard]] bool is_tuple() const;
  [[nodiscard]] const Dict* dict() const { return shared<const Dict>(); }
  [[nodiscard]] const LoopState* loop() const { return shared<const LoopState>(); }
  [[nodiscard]] const Callable* callable() const { return shared<const Callable>(); }
  [[nodiscard]] Namespace* space() const;

  /// The value as an integer, if it is one or a boolean.
  [[nodiscard]] std::optional<std::int64_t> integer() const;
  /// Any number. Requires: is_number().
  [[nodiscard]] double number() const;

  [[nodiscard]] bool is_true() const;

  /// What messages call it: "a string", "undefined".
  [[nodiscard]] std::string_view kind() const;

  [[nodiscard]] Extent extent() const;

 private:
  static std::shared_ptr<const ListItems> make_list(std::vector<Value> items, bool is_tuple);

  template <class T>
  [[nodiscard]] bool is() const {
    return std::holds_alternative<T>(data_);
  }
  template <class T>
  [[nodiscard]] const T* shared() const {
    const auto* pointer = std::get_if<std::shared_ptr<T>>(&data_);
    return pointer == nullptr ? nullptr : pointer->get();
  }

  std::variant<Undefined, None, bool, std::int64_t, double, std::shared_ptr<const MarkedText>,
               std::shared_ptr<const ListItems>, std::shared_ptr<const Dict>,
               std::shared_ptr<const LoopState>, std::shared_ptr<const Callable>, Namespace*>
      data_;
};

/// As Python's ==: numbers by value, lists and dicts by content. Takes time in the smaller extent.
[[nodiscard]] bool operator==(const Value& a, const Value& b);

/// -1, 0 or 1; nothing where Python would raise, and for NaN.
[[nodiscard]] std::optional<int> compare(const Value& a, const Value& b);

}  // namespace ringmaster::jinja
