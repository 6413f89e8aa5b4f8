// fuzz: engine
// Any bytes must give tensors that lie inside the file, or one line that says why not.

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/loaders/safetensors_header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto entries = ringmaster::engine::parse_safetensors_header(bytes, "fuzz");
  if (!entries) {
    if (entries.error().message.empty()) __builtin_trap();
    return 0;
  }
  for (const auto& entry : *entries) {
    if (entry.begin > entry.end || entry.end > size) __builtin_trap();
  }
  return 0;
}
