#include "cli/config_schema.h"

#include <string_view>

#include <boost/json.hpp>

namespace ringmaster {
namespace {

namespace json = boost::json;

bool is_container(const KeyDescription& key) {
  return key.kind == ValueKind::kSection || key.kind == ValueKind::kList;
}

std::string default_of(const KeyDescription& key) {
  if (key.is_required) return "required";
  return key.default_value.empty() ? "none" : key.default_value;
}

// "a|b" would end a cell of a table.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

json::object schema_of_scalar(const KeyDescription& key) {
  json::object schema;
  switch (key.kind) {
    case ValueKind::kInteger:
      schema["type"] = "integer";
      break;
    case ValueKind::kNumber:
      schema["type"] = "number";
      break;
    case ValueKind::kBoolean:
      schema["type"] = "boolean";
      break;
    case ValueKind::kChoice:
      schema["enum"] = json::array(key.choices.begin(), key.choices.end());
      break;
    case ValueKind::kTextList:
      schema["type"] = "array";
      schema["items"] = json::object{{"type", "string"}};
      break;
    case ValueKind::kDuration:
      schema["pattern"] = "^(0|[0-9.]+ *(ns|us|ms|s|m|h))$";
      schema["type"] = "string";
      break;
    case ValueKind::kBytes:
      schema["type"] = json::array{"string", "integer"};
      schema["pattern"] = "^[0-9]+ *(B|KiB|MiB|GiB|TiB)?$";
      break;
    default:
      schema["type"] = "string";
  }
  if (key.min) schema["minimum"] = *key.min;
  if (key.max) schema["maximum"] = *key.max;
  return schema;
}

json::object closed_mapping() {
  return {{"type", "object"},
          {"additionalProperties", false},
          {"properties", json::object()},
          {"required", json::array()}};
}

// The schema of the mapping that holds `path`, and the last name of the path.
json::object& mapping_of(json::object& root, std::string_view path, std::string_view& name) {
  json::object* mapping = &root;
  while (true) {
    const std::size_t dot = path.find('.');
    if (dot == std::string_view::npos) break;
    std::string_view step = path.substr(0, dot);
    path.remove_prefix(dot + 1);
    const bool is_list = step.ends_with("[]");
    if (is_list) step.remove_suffix(2);
    mapping = &mapping->at("properties").as_object().at(step).as_object();
    if (is_list) mapping = &mapping->at("items").as_object();
  }
  name = path;
  return *mapping;
}

void add_to_schema(json::object& root, const KeyDescription& key) {
  std::string_view name;
  json::object& mapping = mapping_of(root, key.key, name);
  if (key.kind == ValueKind::kOptions) {
    mapping["additionalProperties"] = true;
    return;
  }
  json::object schema = key.kind == ValueKind::kSection ? closed_mapping()
                        : key.kind == ValueKind::kList
                            ? json::object{{"type", "array"}, {"items", closed_mapping()}}
                            : schema_of_scalar(key);
  schema["description"] = key.text;
  if (!key.default_value.empty()) schema["x-default"] = key.default_value;
  mapping.at("properties").as_object()[name] = std::move(schema);
  if (key.is_required) mapping.at("required").as_array().emplace_back(name);
}

}  // namespace

std::string keys_as_text(const std::vector<KeyDescription>& keys) {
  std::string text;
  for (const KeyDescription& key : keys) {
    text += key.key + "\n    " + key.text + "\n";
    if (!is_container(key)) text += "    " + key.expected + "; default: " + default_of(key) + "\n";
  }
  return text;
}

std::string keys_as_markdown(const std::vector<KeyDescription>& keys) {
  std::string text = "| key | default | value | what it does |\n|---|---|---|---|\n";
  for (const KeyDescription& key : keys) {
    const std::string default_value = is_container(key) ? "" : cell(default_of(key));
    text += "| `" + key.key + "` | " + default_value + " | " + cell(key.expected) + " | " +
            cell(key.text) + " |\n";
  }
  return text;
}

std::string keys_as_json(const std::vector<KeyDescription>& keys) {
  json::array list;
  for (const KeyDescription& key : keys) {
    list.push_back(json::object{{"key", key.key},
                                {"expected", key.expected},
                                {"default", key.default_value},
                                {"required", key.is_required},
                                {"text", key.text}});
  }
  return json::serialize(list) + "\n";
}

std::string keys_as_schema(const std::vector<KeyDescription>& keys) {
  json::object root = closed_mapping();
  root["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  for (const KeyDescription& key : keys) add_to_schema(root, key);
  return json::serialize(root) + "\n";
}

}  // namespace ringmaster
