#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringmaster::http {

/// Header fields in order; names compare without case.
class Fields {
 public:
  using Field = std::pair<std::string, std::string>;

  /// The first value under `name`, or null. Valid until the next change.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  void add(std::string_view name, std::string_view value);
  /// Replaces every value under `name`.
  void set(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  /// Keeps the memory, so that a connection can use one object for all its messages.
  void clear() { fields_.clear(); }

  [[nodiscard]] auto begin() const { return fields_.begin(); }
  [[nodiscard]] auto end() const { return fields_.end(); }
  [[nodiscard]] std::size_t size() const { return fields_.size(); }

 private:
  std::vector<Field> fields_;
};

/// A request as received: framing already checked and removed, body complete.
struct Request {
  std::string method;  ///< "GET", "POST", ... upper case as sent.
  std::string target;  ///< Path and query, origin form: starts with '/'.
  Fields fields;
  std::string body;
  std::string peer;  ///< "address:port" of the client.

  [[nodiscard]] std::string_view path() const;   ///< Target up to '?'.
  [[nodiscard]] std::string_view query() const;  ///< Behind '?'; may be empty.
};

struct ResponseHead {
  int status = 200;
  Fields fields;
};

struct Response {
  int status = 200;
  Fields fields;
  std::string body;
};

/// A response with a JSON body.
[[nodiscard]] Response json_response(int status, std::string body);

}  // namespace ringmaster::http
