// fuzz: engine/server
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/server/openai_request.h"

// Any bytes must give a request or an error that says why: no crash, no leak, no hang.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ringmaster::engine::CallKind;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const CallKind kind : {CallKind::kChat, CallKind::kCompletion}) {
    const auto request = ringmaster::engine::parse_openai_request(kind, body);
    if (!request && request.error().error.message.empty()) __builtin_trap();
    if (request && request->sampling.logprobs > 20) __builtin_trap();
  }
  return 0;
}
