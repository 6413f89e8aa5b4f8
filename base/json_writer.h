#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/json_text.h"

namespace ringmaster {

/// Writes JSON on one line, in the order of the calls, and puts the commas itself.
///
/// Equal values are equal bytes; see append_json_number() for the form of numbers. That every
/// object and list is closed, and every value of an object has its key, is up to the caller.
class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool truth) { return raw(truth ? "true" : "false"); }
  JsonWriter& value(double number);
  JsonWriter& value(std::nullptr_t) { return raw("null"); }
  template <std::integral Count>
  requires(!std::same_as<Count, bool>) JsonWriter& value(Count count) {
    return raw(std::to_string(count));
  }
  /// null if absent.
  template <class T>
  JsonWriter& value(const std::optional<T>& optional) {
    return optional ? value(*optional) : value(nullptr);
  }

  /// A key and its value.
  template <class T>
  JsonWriter& member(std::string_view name, const T& content) {
    return key(name).value(content);
  }

  /// What was written; the writer is empty afterwards.
  [[nodiscard]] std::string take() { return std::exchange(text_, {}); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& raw(std::string_view json);
  void separate();

  std::string text_;
};

}  // namespace ringmaster
