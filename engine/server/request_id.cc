#include "engine/server/request_id.h"

#include <algorithm>
#include <chrono>
#include <string_view>

#include "base/random.h"

namespace ringmaster::engine {
namespace {

constexpr std::size_t kIdBytesMax = 128;

bool is_fit(std::string_view id) {
  return !id.empty() && id.size() <= kIdBytesMax && std::ranges::all_of(id, [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
  });
}

// Different in each process, so that ids of several engines do not meet in one log.
std::uint64_t process_seed() {
  static const auto seed =
      static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  return seed;
}

}  // namespace

std::string request_id(const http::Request& request, std::uint64_t number) {
  const std::string* given = request.fields.find("x-request-id");
  if (given != nullptr && is_fit(*given)) return *given;
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string id;
  for (std::uint64_t bits = mix64(process_seed() ^ mix64(number)); id.size() < 16; bits >>= 4U) {
    id += kHex[bits & 0xfU];
  }
  return id;
}

}  // namespace ringmaster::engine
