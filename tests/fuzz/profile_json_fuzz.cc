// fuzz: engine
// A profile's file: no bytes crash the parser, and what it takes is written so that it reads back.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "engine/simulated/profile_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringmaster;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto profile = engine::parse_profile(text, "profile.json");
  if (!profile) return 0;
  const std::string written = engine::to_json(*profile);
  const auto again = engine::parse_profile(written, "written.json");
  RINGMASTER_CHECK(again.has_value() && engine::to_json(*again) == written);
  return 0;
}
