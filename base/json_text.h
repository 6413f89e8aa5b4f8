#pragma once

#include <string>
#include <string_view>

namespace ringmaster {

/// Appends a quoted JSON string. What is not UTF-8 becomes U+FFFD: messages may quote the bytes of
/// a client.
void append_json_string(std::string& out, std::string_view text);

[[nodiscard]] inline std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

/// Appends the shortest decimal that reads back to the same number, without an exponent from 1e-6
/// up to 1e15 in magnitude; `null` if it is not finite, since JSON has no infinity.
void append_json_number(std::string& out, double number);

}  // namespace ringmaster
