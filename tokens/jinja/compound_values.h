#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokens/jinja/value.h"
#include "tokens/marked_text.h"

// What a Value shares with its copies: the kinds that hold further values.

namespace ringmaster::jinja {

/// A mapping with text keys, in the order in which they came.
class Dict {
 public:
  using Entry = std::pair<MarkedText, Value>;

  /// Replaces the value of a key that is there. Linear: for the few keys that templates write.
  void set(MarkedText key, Value value);

  /// Appends without looking. Requires: no such key.
  void append(MarkedText key, Value value);

  /// Null if there is no such key.
  [[nodiscard]] const Value* find(std::string_view key) const;
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  /// Counts values that were replaced, too.
  [[nodiscard]] const Extent& extent() const { return extent_; }

 private:
  std::vector<Entry> entries_;
  Extent extent_{.depth = 1};
};

struct ListItems {
  std::vector<Value> items;
  bool is_tuple = false;
  Extent extent{.depth = 1};
};

/// What `loop` is in one turn of a for.
struct LoopState {
  std::int64_t index0 = 0;
  std::int64_t length = 0;
  std::int64_t depth = 1;
  Value previous;
  Value next;
};

struct MacroStatement;

/// Something that can be called: a function by name, a method of a value, or a macro.
struct Callable {
  std::string name;
  std::optional<Value> self;              ///< Of a method.
  const MacroStatement* macro = nullptr;  ///< Lives as long as the template.
};

/// What namespace() makes: the one object whose attributes a template can set.
struct Namespace {
  Dict attributes;
};

}  // namespace ringmaster::jinja
