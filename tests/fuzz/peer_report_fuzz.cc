// fuzz: router
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "router/peer_report.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = ringmaster::parse_peer_report(text);
  if (!read) return 0;
  // What was understood reads the same when said again.
  const auto said = ringmaster::peer_report_json(*read);
  const auto again = ringmaster::parse_peer_report(said);
  RINGMASTER_CHECK(again.has_value());
  RINGMASTER_CHECK(ringmaster::peer_report_json(*again) == said);
  return 0;
}
