// fuzz: sim
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sim/trace.h"
#include "sim/workload.h"

// Any bytes give a trace or one line that says why not. What was read is written and read back to
// the same records, and its chains can be made.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringmaster::sim;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto trace = parse_trace(text, "fuzz.jsonl");
  if (!trace) {
    const std::string& message = trace.error().message;
    if (!message.starts_with("fuzz.jsonl:")) __builtin_trap();
    return 0;
  }
  const std::string written = write_trace(*trace);
  const auto again = parse_trace(written, "fuzz.jsonl");
  if (!again || write_trace(*again) != written) __builtin_trap();
  if (again->records.size() != trace->records.size()) __builtin_trap();
  if (!Workload::make(*trace, {.prompt_tokens_max = 20'480, .block_tokens = 128})) __builtin_trap();
  return 0;
}
