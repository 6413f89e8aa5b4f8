#pragma once

#include <cstdint>
#include <string>

namespace ringmaster::jinja {

/// A token of a template's source.
struct Token {
  enum class Kind {
    kText,         ///< Outside of tags; `text` with white space already controlled.
    kOutputBegin,  ///< {{
    kOutputEnd,    ///< }}
    kBlockBegin,   ///< {%
    kBlockEnd,     ///< %}
    kName,
    kString,  ///< `text` with escapes resolved.
    kInteger,
    kFloat,
    kOperator,  ///< `text` is the operator.
    kEnd,
  };

  Kind kind = Kind::kEnd;
  int line = 1;
  std::string text;
  std::int64_t integer = 0;
  double number = 0.0;
};

}  // namespace ringmaster::jinja
