#pragma once

#include <string>

#include "tokens/jinja/value.h"

namespace ringmaster::jinja {

/// What {{ value }} shows: Python's str(). Texts keep their marks; the spelling of a list or dict
/// is plain if any text in it is.
[[nodiscard]] MarkedText to_text(const Value& value);

/// As Python's repr(float): the shortest digits that read back, with an exponent from 1e16 on.
[[nodiscard]] std::string float_text(double number);

struct JsonStyle {
  int indent = -1;  ///< Spaces a level; -1: all in one line.
  bool sort_keys = false;
  bool ensure_ascii = false;
  std::string item_separator = ", ";  ///< Followed by a line break instead, with an indent.
  std::string key_separator = ": ";
};

/// As Python's json.dumps(); nothing if the value has no JSON form. Marked as to_text() does.
[[nodiscard]] std::optional<MarkedText> to_json(const Value& value, const JsonStyle& style);

}  // namespace ringmaster::jinja
