// fuzz: sim
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sim/comparison.h"
#include "sim/result_file.h"

// Any bytes give results or one line that says why not; results compare with themselves, or it is
// said why not.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringmaster::sim;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto points = parse_results(text, "fuzz.json");
  if (!points) {
    if (!points.error().message.starts_with("fuzz.json")) __builtin_trap();
    return 0;
  }
  const auto comparison = compare_results({"fuzz.json", *points, {}}, {"fuzz.json", *points, {}});
  if (!comparison) return 0;
  if (comparison->unpaired_first != 0 || to_table(*comparison).empty()) __builtin_trap();
  for (const PolicyComparison& group : comparison->groups) {
    for (const MetricDifference& metric : group.metrics) {
      if (metric.difference > 0 || metric.difference < 0) __builtin_trap();
    }
  }
  return 0;
}
