// fuzz: settings

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "settings/engine_settings.h"
#include "settings/gateway_settings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)ringmaster::parse_gateway_settings(text, "fuzz.yaml");
  (void)ringmaster::parse_engine_settings(text, "fuzz.yaml");
  return 0;
}
