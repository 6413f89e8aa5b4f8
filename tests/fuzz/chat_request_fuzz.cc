// fuzz: tokens
// Any body must give the variables of a template or a fault that says why.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  ringmaster::JsonFault fault("");
  ringmaster::ChatRequest request = ringmaster::read_chat_request(body, fault);
  if (fault) {
    if (fault.error().value().message.empty()) __builtin_trap();
    return 0;
  }
  const ringmaster::jinja::Value variables(std::move(request.variables));
  if (!ringmaster::jinja::to_json(variables, {})) __builtin_trap();
  return 0;
}
