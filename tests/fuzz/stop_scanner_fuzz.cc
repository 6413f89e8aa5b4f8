// fuzz: engine/server
// The first byte is the size of the pieces; behind it lines of a stop string each, and the text.
// Whatever the pieces, the text ends where the earliest stop string in it begins, and nothing that
// was certain is taken back.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/server/stop_scanner.h"

namespace {

void require(bool condition) {
  if (!condition) __builtin_trap();
}

std::uint64_t end_of(const std::vector<std::string>& stop, std::string_view text,
                     std::size_t piece) {
  ringmaster::engine::StopScanner scanner(stop);
  std::uint64_t certain = 0;
  for (std::size_t at = 0; at < text.size() && !scanner.is_decided(); at += piece) {
    scanner.read(text.substr(at, piece));
    require(scanner.certain_bytes() >= certain);
    certain = scanner.certain_bytes();
  }
  if (!scanner.is_decided()) scanner.finish();
  require(scanner.certain_bytes() >= certain);
  return scanner.certain_bytes();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kStopStringsMax = 16;
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::vector<std::string> stop;
  for (auto line = rest.find('\n'); line != std::string_view::npos && stop.size() < kStopStringsMax;
       line = rest.find('\n')) {
    if (line > 0) stop.emplace_back(rest.substr(0, line));
    rest.remove_prefix(line + 1);
  }
  std::size_t expected = rest.size();
  for (const std::string& text : stop) expected = std::min(expected, rest.find(text));
  require(end_of(stop, rest, 1 + data[0]) == expected);
  require(end_of(stop, rest, 1) == expected);
  return 0;
}
