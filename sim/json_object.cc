#include "sim/json_object.h"

#include <array>
#include <charconv>
#include <cmath>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include "base/check.h"

namespace ringmaster::sim {

void JsonObject::add(std::string_view key, std::string_view value) {
  add_raw(key, boost::json::serialize(boost::json::string(value.data(), value.size())));
}

void JsonObject::add(std::string_view key, std::uint64_t value) {
  add_raw(key, std::to_string(value));
}

void JsonObject::add(std::string_view key, double value) {
  RINGMASTER_CHECK(std::isfinite(value));
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  add_raw(key, std::string_view(text.data(), end));
}

void JsonObject::add(std::string_view key, std::optional<double> value) {
  if (value) {
    add(key, *value);
  } else {
    add_raw(key, "null");
  }
}

void JsonObject::add_raw(std::string_view key, std::string_view value) {
  if (!members_.empty()) members_ += ",";
  members_.append("\"").append(key).append("\":").append(value);
}

}  // namespace ringmaster::sim
