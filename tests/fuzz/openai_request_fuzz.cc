// fuzz: router
#include <cstddef>
#include <cstdint>
#include <string>

#include "router/prompt_prefix.h"

// Any body must be read or refused with a reason, stay as it is, and hash the same twice.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringmaster;
  const std::string given(reinterpret_cast<const char*>(data), size);
  std::string body = given;
  RequestScanner scanner;
  const auto request = scanner.scan(body);
  if (body != given) __builtin_trap();
  if (!request) {
    if (request.error().message.empty()) __builtin_trap();
    return 0;
  }
  const PromptRules rules{.model = request->model, .block_tokens = 1};
  const auto once =
      prompt_prefix(rules, *request, scanner, std::nullopt, {.salt = request->cache_salt});
  const auto twice =
      prompt_prefix(rules, *request, scanner, std::nullopt, {.salt = request->cache_salt});
  if (once.chain != twice.chain) __builtin_trap();
  if (once.chain.size() > once.prompt_tokens) __builtin_trap();
  return 0;
}
