// fuzz: tokens
// Any body must give the variables of a template or an error that says why.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "tokens/chat_request.h"
#include "tokens/jinja/print.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  auto request = ringmaster::read_chat_request(body);
  if (!request) {
    if (request.error().message.empty()) __builtin_trap();
    return 0;
  }
  const ringmaster::jinja::Value variables(std::move(request->variables));
  if (!ringmaster::jinja::to_json(variables, {})) __builtin_trap();
  return 0;
}
