#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringmaster::sim {

/// A flat JSON object, written key by key in the order of the calls, on one line.
///
/// Numbers are the shortest decimals that read back to the same value, so equal results are equal
/// bytes.
class JsonObject {
 public:
  void add(std::string_view key, std::string_view value);
  void add(std::string_view key, std::uint64_t value);
  /// Requires: the value is finite.
  void add(std::string_view key, double value);
  /// null if absent.
  void add(std::string_view key, std::optional<double> value);

  [[nodiscard]] std::string text() const { return "{" + members_ + "}"; }

 private:
  void add_raw(std::string_view key, std::string_view value);

  std::string members_;
};

}  // namespace ringmaster::sim
