// fuzz: engine
// Any bytes must give a config whose sizes are in range, or one line that says why not.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/model_config.h"
#include "engine/rope.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringmaster::engine;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto config = parse_model_config(text, "fuzz");
  if (!config) {
    if (config.error().message.empty()) __builtin_trap();
    return 0;
  }
  if (config->heads % config->kv_heads != 0 || config->head_dim % 2 != 0 ||
      config->context_tokens_max < 1) {
    __builtin_trap();
  }
  if (make_rope(*config).frequencies.size() * 2 != static_cast<std::size_t>(config->head_dim))
    __builtin_trap();
  (void)apply_generation_config(*config, text, "fuzz");
  return 0;
}
