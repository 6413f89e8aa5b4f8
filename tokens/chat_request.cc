#include "tokens/chat_request.h"

#include <optional>
#include <string>
#include <unordered_map>

#include "tokens/json_place.h"

namespace ringmaster {
namespace {

using jinja::Dict;
using jinja::Value;

/// How deep a body may nest; whatever walks through a value recurses that deep.
constexpr int kNestingMax = 100;

constexpr std::size_t kTemplateArgumentsMax = 100;

Value to_value(simdjson::dom::element element, const JsonPlace& place, int nesting);

Value list_value(simdjson::dom::array array, const JsonPlace& place, int nesting) {
  std::vector<Value> items;
  for (const auto item : array) items.push_back(to_value(item, place, nesting + 1));
  return items;
}

/// Of equal keys the first gives the place and the last the value, as in Python.
Value dict_value(simdjson::dom::object object, const JsonPlace& place, int nesting) {
  std::unordered_map<std::string_view, simdjson::dom::element> last;
  for (const auto [key, value] : object) last[key] = value;
  Dict dict;
  for (const auto [key, value] : object) {
    const auto found = last.find(key);
    if (found == last.end()) continue;
    dict.append(MarkedText::plain(key), to_value(found->second, place, nesting + 1));
    last.erase(found);
  }
  return dict;
}

Value to_value(simdjson::dom::element element, const JsonPlace& place, int nesting) {
  if (nesting > kNestingMax) {
    place.wrong("must nest at most " + std::to_string(kNestingMax) + " levels");
    return {};
  }
  switch (element.type()) {
    case simdjson::dom::element_type::ARRAY:
      return list_value(element.get_array(), place, nesting);
    case simdjson::dom::element_type::OBJECT:
      return dict_value(element.get_object(), place, nesting);
    case simdjson::dom::element_type::STRING:
      return Value::plain(element.get_string());
    case simdjson::dom::element_type::INT64:
      return std::int64_t{element.get_int64()};
    case simdjson::dom::element_type::UINT64:  // Above 2^63; the nearest float.
    case simdjson::dom::element_type::DOUBLE:
      return double{element.get_double()};
    case simdjson::dom::element_type::BOOL:
      return bool{element.get_bool()};
    default:
      return jinja::None{};
  }
}

Value value_of(const JsonPlace& place) {
  return to_value(place.value(), place, 0);
}

Value content_of(const JsonPlace& content, bool is_answer) {
  if (content.is_string()) return Value::plain(content.string());
  if (!content.is_array()) {
    content.must_be(is_answer ? "a string, null or an array of text parts"
                              : "a string or an array of text parts");
    return {};
  }
  MarkedText text;
  bool is_first = true;
  content.each([&](const JsonPlace& part) {
    if (!is_first) text.append_plain("\n");
    is_first = false;
    const auto type = part.need("type");
    if (!type) return;
    if (type->string() != "text") {
      type->wrong("must be \"text\", is \"" + std::string(type->string()) +
                  "\": this model reads text only");
    } else if (const auto value = part.need("text")) {
      text.append_plain(value->string());
    }
  });
  return text;
}

/// {"name": ..., "arguments": {...}}, from arguments that are an object or the JSON text of one.
Value function_of(const JsonPlace& function) {
  Dict dict = *value_of(function).dict();
  const auto arguments = function.find("arguments");
  if (!arguments || !arguments->is_string()) return dict;
  simdjson::dom::parser parser;
  simdjson::dom::element parsed;
  const std::string text(arguments->string());
  if (parser.parse(text).get(parsed) != simdjson::SUCCESS || !parsed.is_object()) {
    arguments->wrong("must be the JSON text of an object");
    return {};
  }
  dict.set(MarkedText::plain("arguments"), to_value(parsed, *arguments, 0));
  return dict;
}

Value tool_calls_of(const JsonPlace& calls) {
  std::vector<Value> items;
  calls.each([&](const JsonPlace& call) {
    if (!call.is_object()) return call.must_be("an object");
    Dict dict = *value_of(call).dict();
    if (const auto function = call.find("function")) {
      if (!function->is_object()) return function->must_be("an object");
      dict.set(MarkedText::plain("function"), function_of(*function));
    }
    items.emplace_back(std::move(dict));
  });
  return items;
}

Value message_of(const JsonPlace& message) {
  if (!message.is_object()) {
    message.must_be("an object");
    return {};
  }
  const auto role = message.need("role");
  const bool is_answer = role && role->string() == "assistant";
  const Value whole = value_of(message);
  Dict dict = whole.dict() == nullptr ? Dict() : *whole.dict();
  // An answer may be calls alone.
  if (const auto content = is_answer ? message.find("content") : message.need("content")) {
    dict.set(MarkedText::plain("content"), content_of(*content, is_answer));
  }
  if (const auto calls = message.find("tool_calls")) {
    dict.set(MarkedText::plain("tool_calls"), tool_calls_of(*calls));
  }
  return dict;
}

Value messages_of(const JsonPlace& messages) {
  std::vector<Value> items;
  messages.each([&](const JsonPlace& message) { items.push_back(message_of(message)); });
  if (messages.is_array() && items.empty()) messages.wrong("must have at least one message");
  return items;
}

bool is_reserved(std::string_view name) {
  return name == "messages" || name == "tools" || name == "add_generation_prompt" ||
         name == "bos_token" || name == "eos_token" || name == "raise_exception" ||
         name == "namespace" || name == "range" || name == "strftime_now";
}

void read_template_arguments(const JsonPlace& arguments, Dict& variables) {
  const auto members = arguments.object();
  if (!members) return;
  if (members->size() > kTemplateArgumentsMax) {
    arguments.wrong("must have at most " + std::to_string(kTemplateArgumentsMax) + " members");
    return;
  }
  for (const auto [key, value] : *members) {
    if (is_reserved(key)) {
      arguments.wrong("must not set '" + std::string(key) + "', which the server sets");
      return;
    }
    variables.set(MarkedText::plain(key), to_value(value, arguments, 0));
  }
}

}  // namespace

ChatRequest read_chat_request(const JsonPlace& body) {
  ChatRequest request;
  const auto messages = body.need("messages");
  if (!messages) return request;
  request.variables.set(MarkedText::trusted("messages"), messages_of(*messages));

  Value tools = jinja::None{};  // Templates ask "if tools is not none" as well as "if tools".
  if (const auto list = body.find("tools")) {
    list->each([](const JsonPlace& tool) {
      if (!tool.is_object()) tool.must_be("an object");
    });
    const Value value = value_of(*list);
    request.has_tools = value.is_true();
    if (request.has_tools) tools = value;
  }
  request.variables.set(MarkedText::trusted("tools"), tools);
  if (body.flag("continue_final_message", false)) {
    body.find("continue_final_message")->wrong("must be false: it is not supported");
  }
  request.variables.set(MarkedText::trusted("add_generation_prompt"),
                        body.flag("add_generation_prompt", true));
  if (const auto arguments = body.find("chat_template_kwargs")) {
    read_template_arguments(*arguments, request.variables);
  }
  return request;
}

Result<ChatRequest> read_chat_request(std::string_view body_json) {
  JsonFault fault("");
  simdjson::dom::parser parser;
  const auto root = parse_json(parser, body_json, fault);
  if (!root) return fault.error();
  ChatRequest request = read_chat_request(*root);
  if (fault) return fault.error();
  return request;
}

}  // namespace ringmaster
