#include "engine_adapters/error_body.h"

#include <simdjson.h>

#include "http/openai_error.h"

namespace ringmaster {
namespace {

enum class Form { kNested, kOther };

/// The form of a body, and its message and the field at fault where it is not nested yet.
Form read_form(std::string body, std::string& message, std::string& param) {
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  if (parser.parse(body).get(root) != simdjson::SUCCESS) return Form::kOther;
  simdjson::dom::object nested;
  std::string_view text;
  if (root["error"].get(nested) == simdjson::SUCCESS) return Form::kNested;
  for (const char* key : {"message", "error", "detail"}) {
    if (root[key].get(text) == simdjson::SUCCESS) {
      message = text;
      break;
    }
  }
  if (root["param"].get(text) == simdjson::SUCCESS) param = text;
  return Form::kOther;
}

}  // namespace

std::string openai_error_from(int status, std::string body) {
  std::string message;
  std::string param;
  if (read_form(body, message, param) == Form::kNested) return body;
  if (message.empty() && simdjson::validate_utf8(body)) message = std::move(body);
  if (message.empty()) message = "the instance answered " + std::to_string(status);
  return http::openai_error_body(status, message, {}, param);
}

}  // namespace ringmaster
