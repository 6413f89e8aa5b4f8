// fuzz: http
// The raw parts of all events, with the rest, are the stream, however it was cut.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/sse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece_bytes = data[0] % 16 + 1;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  ringmaster::http::SseReader reader(1024);
  std::string relayed;
  for (std::size_t at = 0; at < stream.size(); at += piece_bytes) {
    reader.feed(stream.substr(at, piece_bytes));
    while (true) {
      const auto event = reader.next();
      if (!event) return 0;
      if (!*event) break;
      if ((*event)->data.size() > (*event)->raw.size()) __builtin_trap();
      relayed += (*event)->raw;
    }
  }
  const auto rest = reader.rest();
  if (relayed.size() + rest.size() > stream.size()) __builtin_trap();
  if (stream.substr(0, relayed.size()) != relayed) __builtin_trap();
  // Only the LF of a CRLF that came in two may be missing.
  const auto missing = stream.substr(relayed.size());
  if (missing != rest && missing != "\n") __builtin_trap();
  return 0;
}
