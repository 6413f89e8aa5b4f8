#include "tokens/json_place.h"

namespace ringmaster {
namespace {

std::string_view kind_of(simdjson::dom::element value) {
  switch (value.type()) {
    case simdjson::dom::element_type::ARRAY:
      return "an array";
    case simdjson::dom::element_type::OBJECT:
      return "an object";
    case simdjson::dom::element_type::STRING:
      return "a string";
    case simdjson::dom::element_type::BOOL:
      return "a boolean";
    case simdjson::dom::element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

}  // namespace

void JsonFault::add(std::string_view path, std::string_view problem) {
  if (error_) return;
  std::string message = subject_;
  for (const std::string_view part : {path, problem}) {
    if (part.empty()) continue;
    if (!message.empty()) message += ": ";
    message += part;
  }
  error_ = invalid(std::move(message)).value();
  path_ = path;
}

void JsonPlace::must_be(std::string_view expectation) const {
  wrong("must be " + std::string(expectation) + ", is " + std::string(kind_of(value_)));
}

std::string_view JsonPlace::string() const {
  std::string_view text;
  if (value_.get(text) != simdjson::SUCCESS) must_be("a string");
  return text;
}

bool JsonPlace::boolean() const {
  bool flag = false;
  if (value_.get(flag) != simdjson::SUCCESS) must_be("true or false");
  return flag;
}

std::int64_t JsonPlace::integer(std::int64_t min, std::int64_t max) const {
  std::int64_t number = 0;
  if (value_.get(number) != simdjson::SUCCESS || number < min || number > max) {
    wrong("must be an integer in [" + std::to_string(min) + ", " + std::to_string(max) + "]");
    return min;
  }
  return number;
}

std::optional<simdjson::dom::array> JsonPlace::array() const {
  simdjson::dom::array elements;
  if (value_.get(elements) == simdjson::SUCCESS) return elements;
  must_be("an array");
  return std::nullopt;
}

std::optional<simdjson::dom::object> JsonPlace::object() const {
  simdjson::dom::object members;
  if (value_.get(members) == simdjson::SUCCESS) return members;
  must_be("an object");
  return std::nullopt;
}

std::optional<JsonPlace> JsonPlace::find(std::string_view key) const {
  simdjson::dom::object members;
  simdjson::dom::element member;
  if (value_.get(members) != simdjson::SUCCESS ||
      members.at_key(key).get(member) != simdjson::SUCCESS || member.is_null()) {
    return std::nullopt;
  }
  return JsonPlace(member, path_of(key), *fault_);
}

std::optional<JsonPlace> JsonPlace::need(std::string_view key) const {
  if (!is_object()) must_be("an object");
  auto member = find(key);
  if (!member) fault_->add(path_of(key), "is missing");
  return member;
}

bool JsonPlace::flag(std::string_view key, bool fallback) const {
  const auto member = find(key);
  return member ? member->boolean() : fallback;
}

std::string JsonPlace::path_of(std::string_view key) const {
  std::string path = path_;
  if (!path.empty()) path += '.';
  path += key;
  return path;
}

std::optional<JsonPlace> parse_json(simdjson::dom::parser& parser, std::string_view text,
                                    JsonFault& fault) {
  simdjson::dom::element root;
  const auto code = parser.parse(text.data(), text.size()).get(root);
  if (code != simdjson::SUCCESS) {
    fault.add("", std::string("must be JSON: ") + simdjson::error_message(code));
    return std::nullopt;
  }
  return JsonPlace(root, "", fault);
}

}  // namespace ringmaster
