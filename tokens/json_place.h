#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <simdjson.h>

#include "base/result.h"

namespace ringmaster {

/// The first thing found wrong with a JSON text.
///
/// Readers go on with empty values after a fault and ask once, at the end: what they built is then
/// thrown away.
class JsonFault {
 public:
  /// `subject` goes before the path in messages: a file name, or empty.
  explicit JsonFault(std::string_view subject) : subject_(subject) {}

  void add(std::string_view path, std::string_view problem);
  [[nodiscard]] explicit operator bool() const { return error_.has_value(); }

  /// Requires: there is a fault.
  [[nodiscard]] tl::unexpected<Error> error() const { return tl::unexpected(*error_); }
  /// Where it is; empty: in the whole text, or there is none.
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string subject_;
  std::string path_;
  std::optional<Error> error_;
};

/// A value inside a JSON text that knows its path, and adds a fault where it is not what the
/// reader wants. The parser and the fault must outlive it.
class JsonPlace {
 public:
  JsonPlace(simdjson::dom::element value, std::string path, JsonFault& fault)
      : value_(value), path_(std::move(path)), fault_(&fault) {}

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] simdjson::dom::element value() const { return value_; }
  [[nodiscard]] bool is_string() const { return value_.is_string(); }
  [[nodiscard]] bool is_array() const { return value_.is_array(); }
  [[nodiscard]] bool is_object() const { return value_.is_object(); }

  /// Adds a fault: "must be <expectation>", and what it is instead.
  void must_be(std::string_view expectation) const;
  void wrong(std::string_view problem) const { fault_->add(path_, problem); }

  /// Empty values where the type is another.
  [[nodiscard]] std::string_view string() const;
  [[nodiscard]] bool boolean() const;
  [[nodiscard]] std::int64_t integer(std::int64_t min, std::int64_t max) const;
  /// Nothing, and a fault, where the type is another.
  [[nodiscard]] std::optional<simdjson::dom::array> array() const;
  [[nodiscard]] std::optional<simdjson::dom::object> object() const;

  /// The value under `key`; nothing if this is no object, or the value is absent or null.
  [[nodiscard]] std::optional<JsonPlace> find(std::string_view key) const;

  /// The same, with a fault where it is absent or null.
  [[nodiscard]] std::optional<JsonPlace> need(std::string_view key) const;

  /// The boolean under `key`, or `fallback` where it is absent or null.
  [[nodiscard]] bool flag(std::string_view key, bool fallback) const;

  /// Calls visit(JsonPlace) for each element.
  template <class Visit>
  void each(Visit&& visit) const {
    const auto elements = array();
    if (!elements) return;
    std::size_t index = 0;
    for (const simdjson::dom::element element : *elements) visit(element_place(element, index++));
  }

 private:
  [[nodiscard]] JsonPlace element_place(simdjson::dom::element element, std::size_t index) const {
    return {element, path_ + '[' + std::to_string(index) + ']', *fault_};
  }
  [[nodiscard]] std::string path_of(std::string_view key) const;

  simdjson::dom::element value_;
  std::string path_;
  JsonFault* fault_;
};

/// Parses the text; nothing, and a fault with simdjson's reason, if it is not JSON. The parser
/// holds the values.
[[nodiscard]] std::optional<JsonPlace> parse_json(simdjson::dom::parser& parser,
                                                  std::string_view text, JsonFault& fault);

}  // namespace ringmaster
