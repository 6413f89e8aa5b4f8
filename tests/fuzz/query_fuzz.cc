// fuzz: http
// A query that is read gives numbers in their ranges only; one that is not is refused with 400.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/query_numbers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ringmaster::http::QueryNumber;
  std::array<QueryNumber, 2> numbers{
      {{.key = "from", .least = 1, .most = 9}, {.key = "epoch", .least = 0, .most = 99}}};
  const std::string_view query(reinterpret_cast<const char*>(data), size);
  if (const auto refusal = ringmaster::http::read_query(query, numbers)) {
    if (refusal->status != 400 || refusal->body.empty()) __builtin_trap();
    return 0;
  }
  for (const QueryNumber& number : numbers) {
    if (number.value && (*number.value < number.least || *number.value > number.most)) {
      __builtin_trap();
    }
  }
  return 0;
}
