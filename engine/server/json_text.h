#pragma once

#include <string>
#include <string_view>

namespace ringmaster::engine {

/// Appends a quoted JSON string. Requires: `text` is valid UTF-8.
void append_json_string(std::string& out, std::string_view text);

[[nodiscard]] inline std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

/// Appends a finite number as JSON, with as many digits as it takes to read it back.
void append_json_number(std::string& out, double number);

}  // namespace ringmaster::engine
